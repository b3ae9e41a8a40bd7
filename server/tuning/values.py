"""The settings that may change while the server runs, as plain values, and the rules that they make."""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import TypeAlias

from pydantic import ValidationError

from server.access.present_rules import CHANGEABLE
from server.access.rules import Rules
from server.settings import Settings

Value: TypeAlias = str | int | float | None
"""Of a setting; None: there is none, and what follows from others holds."""
_RULES = {"frames": "looks"}
"""Setting -> rule, where they have different names."""
TUNABLE = tuple(name for name in Settings.model_fields if _RULES.get(name, name) in CHANGEABLE)
"""In the order in which the settings are described."""


class InvalidError(ValueError):
    """`problems`: setting -> why it cannot have that value."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))
        self.problems = problems


def values_of(rules: Rules) -> dict[str, Value]:
    """Setting -> the value by which these rules hold."""
    return {name: _plain(getattr(rules, _RULES.get(name, name))) for name in TUNABLE}


def defaults() -> dict[str, Value]:
    """Setting -> what holds where nothing is set."""
    return {name: _plain(Settings.model_fields[name].default) for name in TUNABLE}


def rules_with(rules: Rules, wanted: Mapping[str, Value]) -> Rules:
    """`rules` with these settings in place of theirs; None: as where nothing is set. Raises InvalidError."""
    chosen = {name: value for name, value in {**values_of(rules), **wanted}.items() if value is not None}
    try:
        settings = Settings.model_validate({**chosen, "recogniser": rules.recogniser.name})
    except ValidationError as error:
        raise InvalidError(
            {str(each["loc"][0]): each["msg"].removeprefix("Value error, ") for each in error.errors()}
        ) from error
    made = settings.rules()
    return replace(rules, **{name: getattr(made, name) for name in CHANGEABLE})


def _plain(value: object) -> Value:
    """As it stands in the settings file."""
    if isinstance(value, Enum):
        return str(value.value)
    assert value is None or isinstance(value, (str, int, float))
    return value
