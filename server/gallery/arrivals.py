"""In which order photos came, also over a restart."""

from collections.abc import Iterable
from typing import NamedTuple


class Arrival(NamedTuple):
    """A photo by its content, of a person, and when it came: numbers grow."""

    person: str
    sha256: str
    number: int


class Arrivals:
    """Gives every photo its number. A photo that is moved to another place in the person's folder keeps it;
    one with another content, or of another person, is new."""

    def __init__(self, known: Iterable[Arrival]) -> None:
        self._numbers = {(each.person, each.sha256): each.number for each in known}
        self._next = max(self._numbers.values(), default=0) + 1

    def number(self, person: str, sha256: str) -> int:
        known = self._numbers.setdefault((person, sha256), self._next)
        self._next = max(self._next, known + 1)
        return known

    def keep_only(self, present: Iterable[tuple[str, str]]) -> list[Arrival]:
        """Forget all but the photos `present`, by person and content; returns what is left."""
        wanted = set(present)
        self._numbers = {key: number for key, number in self._numbers.items() if key in wanted}
        return [Arrival(person, sha256, number) for (person, sha256), number in self._numbers.items()]
