"""In which order photos came, also over a restart."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Arrival(NamedTuple):
    """A photo by its content, of a person, and when it came: numbers grow."""

    person: str
    sha256: str
    number: int


class Arrivals:
    """Gives every photo its number. A photo that is moved to another place in the person's folder keeps it,
    and so do those of somebody who has got another name; one with another content, or a copy for another
    person, is new."""

    def __init__(self, known: Iterable[Arrival]) -> None:
        self._next = 1
        self._numbers: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for each in known:
            self._take(*each)

    def number(self, person: str, sha256: str, named: Collection[str]) -> int:
        """`named`: everybody whom a photo is named after at this moment. Who is not among them any more
        leaves the place to whom the same picture shows now: otherwise a look-alike who is held would get
        it."""
        known = self._numbers[sha256]
        if person not in known:
            left = [other for other in known if other not in named]
            self._take(person, sha256, min((known.pop(other) for other in left), default=self._next))
        return known[person]

    def _take(self, person: str, sha256: str, number: int) -> None:
        self._numbers[sha256][person] = number
        self._next = max(self._next, number + 1)

    def keep_only(self, present: Iterable[tuple[str, str]]) -> list[Arrival]:
        """Forget all but the photos `present`, by person and content; returns what is left."""
        wanted = set(present)
        left = [
            Arrival(person, sha256, number)
            for sha256, people in self._numbers.items()
            for person, number in people.items()
            if (person, sha256) in wanted
        ]
        self._numbers.clear()
        for each in left:
            self._take(*each)
        return left
