"""Puts other rules in force without a restart: into the settings file first, then at the doors."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.access.present_rules import PresentRules
from server.access.rules import Rules
from server.site.toml_text import rewritten
from server.support import toml_file
from server.support.private_files import replace_private
from server.support.toml_file import TomlError
from server.tuning.source import SettingsSource
from server.tuning.values import Value, defaults, rules_with, values_of

_MARK = "\ufeff"
"""Which Windows editors put at the start."""


class ApplyError(Exception):
    """Nothing has changed; the message says why."""


class OverriddenError(ApplyError):
    """`by`: setting -> what sets it whatever the file says."""

    def __init__(self, by: Mapping[str, str]) -> None:
        told = ", ".join(f"{name} by {place}" for name, place in by.items())
        super().__init__(f"The file would not decide: {told}. Change it there, and restart.")
        self.by = by


class FileError(ApplyError):
    """The settings file cannot be used as it is, or not be written."""


class OtherValuesError(ApplyError):
    """The settings file says something else than what holds, also of what is not to be changed."""


@dataclass(frozen=True)
class Plan:
    """What is to be done. `before`: the file's content, None where there is no file; `after`: what it will
    be. `rules`: what will hold. `changed`: setting -> what holds, and what will."""

    before: bytes | None
    after: bytes
    rules: Rules
    changed: dict[str, tuple[Value, Value]]


class Applying:
    """To be done in this order, by one after the other: `plan`, `write`, `put_in_force`."""

    def __init__(self, source: SettingsSource, present: PresentRules) -> None:
        self.source = source
        self._present = present

    def plan(self, wanted: Mapping[str, Value]) -> Plan:
        """`wanted`: setting -> value; None: nothing is to be set. What is the default anyway is taken out of
        the file. Reads it: not for the event loop. Raises ApplyError, InvalidError."""
        present = self._present.rules
        rules = rules_with(present, wanted)
        old, new = values_of(present), values_of(rules)
        by = {name: place for name in wanted if (place := self.source.overriding(name)) is not None}
        if by:
            raise OverriddenError(by)
        before = self._read()
        after = _edited(before or b"", {name: new[name] for name in wanted})
        try:
            found = self.source.settings(after, present.recogniser.name).rules()
        except ValueError as error:
            raise FileError(str(error)) from error
        self._require_the_same(rules, found)
        changed = {name: (old[name], new[name]) for name in new if old[name] != new[name]}
        return Plan(before, after, rules, changed)

    def write(self, plan: Plan) -> None:
        """Give the file its new content. Not for the event loop. Raises ApplyError: nothing has changed."""
        path = self.source.path.resolve()
        if self._read() != plan.before:
            raise OtherValuesError(f"Somebody else is changing {self.source.path} at this moment.")
        try:
            if plan.before is None:
                replace_private(path, plan.after)
            elif plan.after != plan.before:
                replace_private(path, plan.after, path.stat().st_mode)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise FileError(f"{self.source.path} cannot be written: {why}.") from error

    def put_in_force(self, plan: Plan) -> None:
        """From the next frame on. For the event loop."""
        self._present.change(plan.rules)

    def _read(self) -> bytes | None:
        try:
            return toml_file.read(self.source.path)
        except FileNotFoundError:
            return None
        except TomlError as error:
            raise FileError(f"{self.source.path}: {error}") from error

    def _require_the_same(self, wanted: Rules, found: Rules) -> None:
        """A restart must find what holds, no more and no less."""
        ours, theirs = values_of(wanted), values_of(found)
        other = [f"{name} = {theirs[name]}" for name in ours if ours[name] != theirs[name]]
        if other:
            raise OtherValuesError(
                f"{self.source.path} says {', '.join(other)}, which does not hold yet: restart the server, or"
                " set that here, too."
            )


def _edited(content: bytes, values: Mapping[str, Value]) -> bytes:
    """The content with these settings; one that is the default is not written. Raises FileError."""
    try:
        before = toml_file.document(content)
        text = content.decode()
        mark, text = (_MARK, text[1:]) if text.startswith(_MARK) else ("", text)
        default = defaults()
        chosen = {name: value for name, value in values.items() if value != default[name]}
        after = {name: value for name, value in before.items() if name not in values} | chosen
        edited = (mark + rewritten(text, before, after)).encode()
        if toml_file.document(edited) != after:
            raise FileError("The settings file is written in an unusual way: change it by hand, and restart.")
    except (TomlError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"The settings file cannot be changed: {error}") from error
    return edited
