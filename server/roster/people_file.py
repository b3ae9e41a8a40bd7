"""Reads people.toml: what an administrator wrote, checked as a whole and told about in full."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from server.access.liveness.proof import Liveness
from server.access.lockout import MAX_ATTEMPTS
from server.access.orders import Roster, TerminalRules
from server.access.permits import Permit, Window
from server.access.policy import Policy
from server.gallery.names import displayed
from server.support.explain import Place, Words, at_most, choice, key, sentences, shown
from server.support.quoting import quoted
from server.support.setting_types import TerminalName
from server.support.toml_file import TomlError, document
from wire import NOTE_CHARS


class PeopleFileError(Exception):
    """The text lays down nothing that can be used. `problems`: each in words for whoever wrote it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(at_most(problems))
        super().__init__("\n".join(self.problems))


def display_name(text: str) -> str:
    """The name as the gallery shows it, from itself or from the form of a file's name: "Jane Doe" from
    `jane_doe`. Raises ValueError."""
    if "/" in text:
        raise ValueError("a person's name has no slash")
    if not any(char.isalnum() for char in text):
        raise ValueError('this is no person\'s name; write it like "Jane Doe" or jane_doe')
    return displayed(text)


def _note(text: str) -> str:
    if len(text) > NOTE_CHARS:
        raise ValueError(f"the note has {len(text)} characters; at most {NOTE_CHARS} are shown")
    if not text.isprintable():
        raise ValueError("a note is one line of text without control characters")
    return text


def _window(text: str) -> str:
    try:
        Window.read(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)}: {error}") from None
    return text


def _two(names: list[str]) -> list[str]:
    if len(set(names)) != 2 or len(names) != 2:
        raise ValueError('a pair is two different people, like ["Jane Doe", "June Doe"]')
    return names


def photo_path(text: str) -> str:
    """The path of a photo relative to faces/, as a file system could have it: "jane_doe_2.jpg" or
    "jane_doe/3.jpg". Raises ValueError."""
    parts = PurePosixPath(text).parts
    if "/".join(parts) != text or not 1 <= len(parts) <= 2 or ".." in parts or "\0" in text:
        raise ValueError(f"{shown(text)} is no photo's path; write it like {_PHOTO}")
    return text


_PHOTO = '"jane_doe_2.jpg" or "jane_doe/3.jpg"'
_Name = Annotated[str, AfterValidator(display_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Person(_Strict):
    disabled: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    schedule: list[Annotated[str, AfterValidator(_window)]] | None = Field(None, min_length=1)
    terminals: list[TerminalName] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> "_Person":
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValueError(
                f"valid_until, {self.valid_until}, is before valid_from, {self.valid_from}; to keep somebody"
                " out altogether write disabled = true"
            )
        return self

    def permit(self) -> Permit:
        return Permit(
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            schedule=None if self.schedule is None else tuple(Window.read(text) for text in self.schedule),
            terminals=None if self.terminals is None else frozenset(self.terminals),
            disabled=self.disabled,
        )


class _TerminalEntry(_Strict):
    policy: Policy | None = Field(None, strict=False)
    liveness: Liveness | None = Field(None, strict=False)
    attempts: int | None = Field(None, ge=0, le=MAX_ATTEMPTS)
    note: Annotated[str, AfterValidator(_note)] | None = None

    def rules(self) -> TerminalRules:
        return TerminalRules(self.policy, self.liveness, self.attempts, self.note)


class _PeopleFile(_Strict):
    confirmed: list[Annotated[list[_Name], AfterValidator(_two)]] = []
    held: list[Annotated[str, AfterValidator(photo_path)]] = []
    people: dict[_Name, _Person] = {}
    terminals: dict[TerminalName, _TerminalEntry] = {}

    def roster(self) -> Roster:
        return Roster(
            {name: person.permit() for name, person in self.people.items()},
            {name: entry.rules() for name, entry in self.terminals.items()},
            frozenset(frozenset(pair) for pair in self.confirmed),
            frozenset(self.held),
        )


_NAMES = 'a list of names, like ["front-door", "lab"]; for no limit leave the key out'
_RIGHT = {
    "people": 'a table for each person, like [people."Jane Doe"]',
    "terminals": "a table for each terminal, like [terminals.front-door]",
    "confirmed": 'a list of pairs, like [["Jane Doe", "June Doe"]]',
    "held": 'a list of photos, like ["jane_doe_2.jpg", "jane_doe/3.jpg"]',
    "people.disabled": "true or false",
    "people.valid_from": "a date without quotes, like 2026-01-31",
    "people.valid_until": "a date without quotes, like 2026-12-31",
    "people.schedule": 'a list of windows, like ["mon-fri 07:00-19:00"]; for no limit leave the key out',
    "people.terminals": _NAMES,
    "terminals.policy": choice([policy.value for policy in Policy]),
    "terminals.liveness": choice([liveness.value for liveness in Liveness]),
    "terminals.attempts": f"a whole number from 0 (never lock) to {MAX_ATTEMPTS}",
    "terminals.note": f"a text of at most {NOTE_CHARS} characters",
}
_LISTS = {"confirmed": "pair", "held": "photo"}
"""The lists at the top of the file, and what is in them."""
_KEYS = {
    "": ", ".join(_PeopleFile.model_fields),
    "people": ", ".join(_Person.model_fields),
    "terminals": ", ".join(_TerminalEntry.model_fields),
}


def parse(data: bytes) -> Roster:
    """The roster that a file's content lays down; without any content there are no limits.

    Raises PeopleFileError.
    """
    try:
        return roster_of(document(data))
    except TomlError as error:
        raise PeopleFileError([str(error)]) from None


def roster_of(content: Mapping[str, object]) -> Roster:
    """The same of a content that is taken apart already. Raises PeopleFileError."""
    problems = _duplicates(content.get("people"))
    try:
        roster = _PeopleFile.model_validate(content).roster()
    except ValidationError as error:
        raise PeopleFileError([*sentences(error, Words(_where, _right, _unknown)), *problems]) from None
    if problems:
        raise PeopleFileError(problems)
    return roster


def _duplicates(people: object) -> list[str]:
    """One person under two spellings of one name: which of the two would hold?"""
    first: dict[str, str] = {}
    problems = []
    for text in people if isinstance(people, Mapping) else ():
        try:
            name = display_name(text)
        except ValueError:
            continue
        if name in first:
            problems.append(f"{_table('people', text)}: {quoted(name)} has an entry already; put both in one")
        first[name] = text
    return problems


def _where(place: Place) -> str:
    """Where in the file, as it is written there; entries of a list are counted from 1."""
    section, *rest = place
    if section in _LISTS:
        return f"{section}, {_LISTS[section]} {rest[0] + 1}" if rest else str(section)
    if not rest:
        return str(section)
    table = _table(section, rest[0])
    if len(rest) == 1 or rest[1] == "[key]":
        return table
    return f"{table} {rest[1]}" + (f", entry {rest[2] + 1}" if len(rest) > 2 else "")


def _right(place: Place) -> str:
    return _RIGHT.get(f"{place[0]}.{place[2]}" if len(place) > 2 else "") or _RIGHT[place[0]]


def _unknown(place: Place, value: object) -> str:
    unknown = key(place[-1])
    if len(place) == 1:
        return f"there is no key {unknown} at the top of the file; the keys are {_KEYS['']}"
    problem = f"{_where(place[:2])}: there is no key {unknown}; the keys are {_KEYS[place[0]]}"
    if place[-1] in _LISTS:
        return f"{problem}; {place[-1]} stands at the top of the file, above the first table"
    return f"{problem}; a name with a dot stands in quotes" if isinstance(value, Mapping) else problem


def _table(section: str, name: str) -> str:
    return f"[{section}.{key(name)}]"
