"""Deciding a folder of recordings again: which of them, how far it has come, and what came of it."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.rules import Rules
from server.recording.comparison import Compared
from server.recording.files import Recording, find, in_order
from server.recording.rerun import Draws, Rerun
from server.support.cipher import Cipher


@dataclass(frozen=True)
class Chosen:
    """`wanted`: the recordings to decide again. `terminals`: all of which there are recordings by this
    recogniser. `problems`: files that are left out, each with the reason."""

    wanted: tuple[Recording, ...]
    terminals: tuple[str, ...]
    problems: tuple[str, ...]


def choose(
    folder: Path,
    recogniser: str,
    since: date | None = None,
    terminals: Collection[str] | None = None,
    cipher: Cipher | None = None,
) -> Chosen:
    """The recordings by that recogniser, of that day and later, at these terminals; None: at all. Raises
    OSError."""
    found, problems = find(folder, since, cipher)
    own = [each for each in found if each.header.rules.get("recogniser") == recogniser]
    problems += [f"{each.path}: {_of_another(each)}" for each in found if each not in own]
    return Chosen(
        wanted=tuple(each for each in own if terminals is None or each.header.terminal in terminals),
        terminals=tuple(sorted({each.header.terminal for each in own})),
        problems=tuple(problems),
    )


def _of_another(recording: Recording) -> str:
    recogniser = recording.header.rules.get("recogniser", "another recogniser")
    return f"recorded with {recogniser}, whose embeddings another cannot compare; see the setting recogniser"


class Replay:
    """Decides every recorded visit again. All is read twice: what chance gave has to be known beforehand.

    `compared`: every visit so far, as it was decided and as it is now, in the order in which they were over.
    `entries`: how many records there are, once they are counted. `decided`: how many of them so far.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        rules: Rules,
        gallery: Gallery,
        roster: Roster,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.compared: list[Compared] = []
        self.counted = self.decided = 0
        self.entries: int | None = None
        self._recordings = recordings
        self._draws: defaultdict[str, Draws] = defaultdict(Draws)
        self._rerun = Rerun(rules, gallery, roster, self._draws)
        self._clock = clock
        self._steps = self._work()
        self.notes = self._rerun.notes

    def go_on(self, seconds: float = float("inf")) -> bool:
        """Work for about so long; True: all is done."""
        deadline = self._clock() + seconds
        return all(self._clock() < deadline for _ in self._steps)

    def taken(self) -> list[Compared]:
        """`compared` so far, which is then forgotten."""
        compared, self.compared = self.compared, []
        return compared

    def problems(self) -> list[str]:
        """Recordings that could be read only in part, each with the reason."""
        return [f"{each.path}: {each.complaint}" for each in self._recordings if each.complaint]

    def _work(self) -> Iterator[None]:
        for recording, entry in in_order(self._recordings):
            self._draws[recording.header.session].take(entry)
            self.counted += 1
            yield
        self.entries = self.counted
        for recording, entry in in_order(self._recordings):
            self.compared += self._rerun.feed(recording.header, entry).compared
            self.decided += 1
            yield
        self.compared += self._rerun.finish()
