"""What the process of a replay runs: it decides recordings again, a stretch at each call, and then tells."""

import pickle
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.rules import Rules
from server.recording.comparison import Compared, Totals
from server.recording.replaying import Replay, choose
from server.support import osdep
from server.support.cipher import Cipher

LAST = 14
"""How much farther than workers a replay steps back: whatever else is to be done goes first."""
LISTED = 500
"""So many of the visits that end otherwise are listed, the latest ones."""
PROBLEMS = 20
"""So many files that cannot be read are named."""


@dataclass(frozen=True)
class ReplayOrder:
    """`folder`: of the recordings. `terminals`: decide those of these alone; None: all. `cipher`: for those
    that are encrypted. The rest as in `Replay`."""

    folder: Path
    rules: Rules
    gallery: Gallery
    roster: Roster
    terminals: Collection[str] | None
    cipher: Cipher | None = None


@dataclass(frozen=True)
class Progress:
    """`counted`: records that were read; `entries`: how many there are, None until all are; `decided`: how
    many of them were decided again."""

    counted: int = 0
    entries: int | None = None
    decided: int = 0
    done: bool = False


@dataclass(frozen=True)
class ReplayResult:
    """`totals`: of all visits. `changed`: how many end otherwise; `listed`: the latest of them, the latest
    first. `rules`: those that were other ones in the recording: name, then, now. `remarks`: what has to be
    known to read it. `problems`: files that cannot be read, some of them, each with the reason."""

    totals: Totals
    changed: int
    listed: tuple[Compared, ...]
    rules: tuple[tuple[str, tuple[str, ...], str], ...]
    remarks: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass
class _Work:
    """What this process is about, and what came of it so far."""

    order: ReplayOrder
    replay: Replay
    problems: tuple[str, ...]
    totals: Totals = field(default_factory=Totals)
    changed: int = 0
    listed: deque[Compared] = field(default_factory=partial(deque, maxlen=LISTED))

    def take(self, compared: Iterable[Compared]) -> None:
        for each in compared:
            self.totals.add(each)
            if each.changed:
                self.changed += 1
                self.listed.appendleft(each)


_work: _Work | None = None


def packed(order: ReplayOrder) -> bytes:
    """For `begin`. With many people it takes a while: for another thread than the event loop's."""
    return pickle.dumps(order, pickle.HIGHEST_PROTOCOL)


def begin(order: bytes) -> Progress:
    """Find the recordings. Raises OSError."""
    global _work
    osdep.step_back(LAST)
    given: ReplayOrder = pickle.loads(order)  # noqa: S301 - from our parent
    chosen = choose(given.folder, given.rules.recogniser.name, terminals=given.terminals, cipher=given.cipher)
    replay = Replay(chosen.wanted, given.rules, given.gallery, given.roster)
    _work = _Work(given, replay, chosen.problems)
    return Progress()


def go_on(seconds: float) -> Progress:
    """Work for about so long, after `begin`."""
    work = _begun()
    done = work.replay.go_on(seconds)
    work.take(work.replay.taken())
    return Progress(work.replay.counted, work.replay.entries, work.replay.decided, done)


def result() -> ReplayResult:
    """What came of it, so far."""
    work = _begun()
    replay, notes = work.replay, work.replay.notes
    present = len(work.order.gallery.people), work.order.gallery.photos
    return ReplayResult(
        totals=work.totals,
        changed=work.changed,
        listed=tuple(sorted(work.listed, key=lambda each: each.moment, reverse=True)),
        rules=tuple((name, tuple(then), now) for name, then, now in notes.other_rules(work.order.rules)),
        remarks=tuple(notes.remarks(present)),
        problems=tuple([*work.problems, *replay.problems()][:PROBLEMS]),
    )


def _begun() -> _Work:
    assert _work is not None, "begin() comes first"
    return _work
