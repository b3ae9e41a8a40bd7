"""What a recording holds: frames as a door saw them, and what it decided."""

from dataclasses import dataclass
from datetime import datetime

from server.access.decision import Decision
from server.access.dice import Draw
from server.access.seen import Analysis
from server.access.visit import VisitSummary
from wire import Box


@dataclass(frozen=True)
class RecordedFrame:
    """One frame: all that the door was told, and what it made of it.

    `at`: monotonic seconds, as given to `Door.observe`. `moment`: the wall clock without a time zone, as
    given to `Roster.orders`. `followed`: the boxes of `Hints.followed`, in their order. `enrolled`: people
    and photos in the gallery. `drawn`: what `Dice` gave during this frame. `decision`: as it stood in the
    end; `retracted`: it could not be logged, so the visit was denied. `ended`: visits that are over. `jpeg`:
    the picture, where it is kept.

    The analysis' `scene` and `scanned` are not recorded: they change what is looked at, not what is decided.
    """

    at: float
    moment: datetime
    analysis: Analysis
    followed: tuple[Box, ...]
    enrolled: tuple[int, int]
    drawn: tuple[Draw, ...] = ()
    decision: Decision | None = None
    retracted: bool = False
    ended: tuple[VisitSummary, ...] = ()
    jpeg: bytes | None = None


@dataclass(frozen=True)
class RecordedEnd:
    """The terminal has left: what `Door.close` returned."""

    moment: datetime
    decisions: tuple[Decision, ...]
    ended: tuple[VisitSummary, ...]


@dataclass(frozen=True)
class RecordedEntry:
    """One record. `number`: counts the records of one run of the server, over all sessions. `cut`: records of
    this session are missing before this one, and nobody who was in view then still is."""

    number: int
    what: RecordedFrame | RecordedEnd
    cut: bool = False


@dataclass(frozen=True)
class RecordingHeader:
    """What a file is about. `run`: one run of the server. `first`: number of the file's first record.
    `rules`: the settings' rules in force then, as text."""

    run: str
    session: str
    terminal: str
    first: int
    moment: datetime
    rules: dict[str, str]
