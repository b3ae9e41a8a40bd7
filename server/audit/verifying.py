"""Whether the access log is as it was written: each line's seal, one after the other. Pure."""

import hmac
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from server.audit.seals import ORIGIN, TORN_LINES, Link, Sealed, following, sealed

REPEATED_LINES = 10_000
"""copytruncate and its mending leave lines of the last seconds in two files."""


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written."""

    place: Place | None
    what: str

    def __str__(self) -> str:
        return self.what if self.place is None else f"{self.place}: {self.what}"


@dataclass
class Verified:
    """What has been seen so far. `first`: number of the first sealed line. `good`: sealed lines that are as
    they were written. `unsealed`: lines from before any was sealed. `torn`: what crashes have left of lines
    of which nobody was told. `repeated`: lines that stood before."""

    first: int | None = None
    good: int = 0
    unsealed: int = 0
    torn: list[Place] = field(default_factory=list)
    repeated: int = 0


class Verifier:
    """Takes the lines of all files in order; `seen` tells what they are."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._last: Link | None = None
        self._between: list[tuple[Place, bytes]] = []
        """Lines without a seal since the last one with one."""
        self._known: OrderedDict[int, bytes] = OrderedDict()
        self.seen = Verified()

    def take(self, place: Place, line: bytes) -> Iterator[Finding]:
        """`line`: without its end; an empty one is nothing."""
        found = sealed(line)
        if found is None:
            self._between += [(place, line)] if line else []
        elif self._known.get(found.link.number) == line:
            self.seen.repeated += 1
        else:
            yield from self._sealed(place, found)
            self._known[found.link.number] = line
            if len(self._known) > REPEATED_LINES:
                self._known.popitem(last=False)

    def finish(self, kept: Link, ended: bool) -> Iterator[Finding]:
        """There are no more lines. `kept`: what was sealed last, by `last_seal`. `ended`: whether the last
        line has its end; what has none is left by a crash, or is being written."""
        if self._between and not ended:
            self.seen.torn.append(self._between.pop()[0])
        if self._last is None:
            self.seen.unsealed += len(self._between)
        else:
            yield from self._inserted()
        there = self._last or ORIGIN
        if kept.number > there.number:
            yield Finding(None, f"{_entries(there.number + 1, kept.number)} missing at the end")

    def _sealed(self, place: Place, found: Sealed) -> Iterator[Finding]:
        number = found.link.number
        if self._last is None:
            yield from self._begin(place, found)
        elif number <= self._last.number:
            yield Finding(place, f"entry {number} stands behind entry {self._last.number}: moved, or put in")
            return
        elif number > self._last.number + 1:
            yield from self._inserted()
            yield Finding(place, f"{_entries(self._last.number + 1, number - 1)} missing before this line")
        else:
            yield from self._judged(place, found, self._last)
            yield from self._inserted()
        self._last = found.link

    def _begin(self, place: Place, found: Sealed) -> Iterator[Finding]:
        """The first sealed line: those before it are older than the seals. Of one in mid-chain nothing tells
        whether it is as it was written."""
        self.seen.first = found.link.number
        if found.link.number == 1:
            yield from self._judged(place, found, ORIGIN)
        self.seen.unsealed += len(self._between)
        self._between = []

    def _judged(self, place: Place, found: Sealed, last: Link) -> Iterator[Finding]:
        if self._fits(last, found):
            self.seen.good += 1
        else:
            yield Finding(place, f"entry {found.link.number} is not as it was written")

    def _fits(self, last: Link, found: Sealed) -> bool:
        """What stood between the two lines when the second was written is part of its seal."""
        for torn in range(min(len(self._between), TORN_LINES) + 1):
            behind = self._between[len(self._between) - torn :]
            link = following(self._key, last, found.text, b"\n".join(line for _, line in behind))
            if hmac.compare_digest(link.seal, found.link.seal):
                self.seen.torn += [place for place, _ in behind]
                del self._between[len(self._between) - torn :]
                return True
        return False

    def _inserted(self) -> Iterator[Finding]:
        for place, _ in self._between:
            yield Finding(place, "not sealed: put in afterwards")
        self._between = []


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
