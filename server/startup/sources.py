"""Where settings come from: defaults < doorward.toml < environment < flags; and how wrong ones are told."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import RECOGNISERS, RecogniserName
from server.access.policy import Policy
from server.access.seen import LandmarkModel
from server.settings import DEFAULT_FILE, Settings
from server.support import toml_file
from server.support.explain import Place, Words, at_most, choice, key, sentences, shown
from server.support.setting_types import MIN_TOKEN_CHARS
from server.support.toml_file import TomlError
from wire import TOKEN_CHARS

ENVIRONMENT_PREFIX = "DOORWARD_"
NOT_OURS = frozenset({"DOORWARD_TOKEN"})
"""Variables of the terminal, which may run on the same machine."""


class SettingsError(ValueError):
    """A setting is unknown or out of range; the message names it and where it was set."""


_REMOVED = {
    "watch_loop": "see what the server is doing with py-spy dump --pid, or start it with PYTHONASYNCIODEBUG=1"
}
"""What to do instead of a setting that there was once."""


def settings_file(named: Path | None) -> Path | None:
    """The file that `load` reads: the one that was named, or doorward.toml where there is one."""
    if named is not None:
        return named
    try:
        os.lstat(DEFAULT_FILE)  # a link to nothing is a mistake, and no reason to serve with defaults
    except FileNotFoundError:
        return None
    except OSError:
        pass  # reading it says what is wrong
    return DEFAULT_FILE


def load(flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None) -> Settings:
    """Merge the sources and check the result. `file`: a settings file that must exist; None takes
    doorward.toml where there is one.

    Raises SettingsError.
    """
    path = settings_file(file)
    from_file = _read(path) if path else {}
    return _merged(from_file, _from_environment(environment), flags, path)


class Sources:
    """Where the settings of a server come from, also while it runs and its file is given another content.

    `file`: the settings file that there was at the start. `path`: where it is, or would be.
    """

    def __init__(self, flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None) -> None:
        """As for `load`."""
        self.file = file
        self.path = Path(os.path.abspath(file or DEFAULT_FILE))
        self._flags = dict(flags)
        self._environment = dict(environment)

    def load(self) -> Settings:
        """What they say now. Raises SettingsError."""
        return load(self._flags, self._environment, self.file)

    def overriding(self, name: str) -> str | None:
        """What sets this whatever the file says, such as "flag --margin"; None: nothing does."""
        return _overriding(_from_environment(self._environment), self._flags).get(name)

    def settings(self, content: bytes, recogniser: RecogniserName) -> Settings:
        """What would hold with this content of the file, in a server that has that recogniser. Raises
        SettingsError."""
        try:
            from_file = toml_file.document(content)
        except TomlError as error:
            raise SettingsError(f"{self.path}: {error}") from None
        flags = {**self._flags, "recogniser": recogniser}
        return _merged(from_file, _from_environment(self._environment), flags, self.path)


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        variable[len(ENVIRONMENT_PREFIX) :].lower(): value
        for variable, value in environment.items()
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in NOT_OURS
    }


def _overriding(from_environment: Mapping[str, str], flags: Mapping[str, Any]) -> dict[str, str]:
    """Setting -> where it is set, whatever the file says."""
    return {
        **{name: f"environment {key(ENVIRONMENT_PREFIX + name.upper())}" for name in from_environment},
        **{name: f"flag --{name.replace('_', '-')}" for name in flags},
    }


def _merged(
    from_file: dict[str, Any],
    from_environment: Mapping[str, str],
    flags: Mapping[str, Any],
    path: Path | None,
) -> Settings:
    """Raises SettingsError."""
    overriding = _overriding(from_environment, flags)
    places = {**dict.fromkeys(from_file, path), **overriding}
    origins = {name: f" ({place})" for name, place in places.items()}
    problems = _misplaced(from_file, path) + _no_booleans(from_file, path)
    try:
        settings = Settings.model_validate({**from_file, **from_environment, **flags})
    except ValidationError as error:
        words = Words(partial(_where, origins), _right, partial(_unknown, origins), _is_secret)
        problems += sentences(error, words)
    if problems:
        raise SettingsError("\n".join(at_most(problems)))
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return toml_file.document(toml_file.read(path))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file or directory") from None
    except TomlError as error:
        raise SettingsError(f"{path}: {error}") from None


def _misplaced(document: dict[str, Any], path: Path | None) -> list[str]:
    """Take settings out of the tables in which they stand: they were written below a table's heading."""
    problems = []
    for table, content in document.items():
        for name in Settings.model_fields if isinstance(content, dict) else ():
            if content.pop(name, None) is not None:
                place = f"[{key(table)}] {name} ({path})"
                problems.append(f"{place}: this is a setting, and stands above the first [table] of the file")
    return problems


def _no_booleans(document: dict[str, Any], path: Path | None) -> list[str]:
    """Take out what stands for true or false in words, which only the environment has to do: `record = "no"`
    would be easily misread."""
    problems = []
    for name, setting in Settings.model_fields.items():
        if setting.annotation is bool and not isinstance(document.get(name, True), bool):
            problems.append(f"{name} ({path}): write true or false, not {shown(document.pop(name))}")
    return problems


def _where(origins: Mapping[str, str], place: Place) -> str:
    path = ".".join(key(str(part)) for part in place if part != "[key]")
    return f"{path}{origins.get(place[0], '')}"


def _unknown(origins: Mapping[str, str], place: Place, value: object) -> str:
    instead = _REMOVED.get(place[0])
    return f"unknown setting: {_where(origins, place)}" + (f"; {instead}" if instead else "")


def _is_secret(place: Place) -> bool:
    return place[0] in ("tokens", "database")


def _right(place: Place) -> str:
    """What may be written for a setting."""
    name = place[0]
    if name == "tokens":
        secret = f"a secret of {MIN_TOKEN_CHARS} to {TOKEN_CHARS} characters, in quotes"
        return secret if len(place) > 1 else f"a table of terminals, each with {secret}"
    if name == "policy":
        return choice([policy.value for policy in Policy])
    if name == "liveness":
        return choice([liveness.value for liveness in Liveness])
    if name == "recogniser":
        return choice(list(RECOGNISERS))
    if name == "landmarks":
        return choice([model.value for model in LandmarkModel])
    field = Settings.model_fields[name]
    bounds = [
        getattr(limit, side) for side in ("ge", "le") for limit in field.metadata if hasattr(limit, side)
    ]
    if bounds:
        kind = "a whole number" if field.annotation is int else "a number"
        return f"{kind} from {' to '.join(map(_plain, bounds))}"
    if field.annotation is bool:
        return "true or false"
    return {
        "host": 'an address in quotes, like "127.0.0.1"',
        "threshold": "a number",
        "web_host": 'an address in quotes, like "127.0.0.1"',
        "web_name": 'a name in quotes, like "door.example.com"',
        "antispoof_sha256": "64 hexadecimal digits in quotes",
        "database": 'an address in quotes, like "postgresql://user:password@host/name"',
    }.get(name, "a path in quotes")


def _plain(number: float) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if isinstance(number, float) else str(number)
