"""What another content of people.toml would change, told for each terminal, person, pair and photo. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import NamedTuple, TypeAlias

from server.access.orders import DEFAULT, Roster, TerminalRules
from server.access.permits import Permit
from server.support.quoting import quoted

_NOTHING = "not laid down"


class Subject(Enum):
    """What is changed: a terminal's rules, a person's limits, a pair of look-alikes, a held photo."""

    TERMINAL = "terminal"
    PERSON = "person"
    PAIR = "pair"
    PHOTO = "photo"


class Changed(NamedTuple):
    """A key of people.toml, and its values in words."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.after}, was {self.before}"


@dataclass(frozen=True)
class Difference:
    """`name`: of the terminal or person; the two names of a pair; the path of a photo. `changed`: at least
    one."""

    subject: Subject
    name: str
    changed: tuple[Changed, ...]

    def __str__(self) -> str:
        changes = "; ".join(f"{each.key} {each}" for each in self.changed)
        return f"{self.subject.value} {_readable(self.name)}: {changes}"


Differences: TypeAlias = tuple[Difference, ...]


def differing(before: Roster, after: Roster) -> Differences:
    """What holds after, and did not before. A terminal's rules are those that hold at it, also where they
    stand under `DEFAULT`, which comes first; of people, pairs and photos those that lose something do."""
    return (
        *_terminals(before, after),
        *_people(before, after),
        *_pairs(before, after),
        *_held(before, after),
    )


def _terminals(before: Roster, after: Roster) -> Iterator[Difference]:
    names = {DEFAULT, *before.terminals, *after.terminals}
    for name in sorted(names, key=lambda name: (name != DEFAULT, name)):
        changed = _changed(_rules(before, name), _rules(after, name))
        if changed:
            yield Difference(Subject.TERMINAL, name, changed)


def _rules(roster: Roster, name: str) -> TerminalRules:
    default = roster.terminals.get(DEFAULT, TerminalRules())
    return roster.terminals.get(name, default).over(default)


def _people(before: Roster, after: Roster) -> Iterator[Difference]:
    for name in _losing_first(before.permits, after.permits):
        changed = _changed(before.permits.get(name, Permit()), after.permits.get(name, Permit()))
        if changed:
            yield Difference(Subject.PERSON, name, changed)


def _pairs(before: Roster, after: Roster) -> Iterator[Difference]:
    ours, theirs = ({" and ".join(sorted(pair)) for pair in roster.confirmed} for roster in (before, after))
    return _members(Subject.PAIR, "confirmed", ours, theirs)


def _held(before: Roster, after: Roster) -> Iterator[Difference]:
    return _members(Subject.PHOTO, "held", before.held, after.held)


def _members(
    subject: Subject, key: str, ours: Collection[str], theirs: Collection[str]
) -> Iterator[Difference]:
    for name in _losing_first(ours, theirs):
        if (name in ours) != (name in theirs):
            yield Difference(subject, name, (Changed(key, _said(name in ours), _said(name in theirs)),))


def _losing_first(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    known = set(ours)
    return sorted(known | set(theirs), key=lambda name: (name not in known, name))


def _changed(before: TerminalRules | Permit, after: TerminalRules | Permit) -> tuple[Changed, ...]:
    keys = (field.name for field in fields(before))
    values = ((key, getattr(before, key), getattr(after, key)) for key in keys)
    return tuple(Changed(key, _said(old), _said(new)) for key, old, new in values if old != new)


def _said(value: object) -> str:
    """A value of people.toml, in words."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(sorted(map(_readable, map(str, value))))
    return _readable(str(value))


def _readable(text: str) -> str:
    """It cannot hide or reorder anything."""
    return text if text.isprintable() else quoted(text)
