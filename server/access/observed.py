"""What a door was told and what it made of it, frame by frame: all that decides, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from server.access.decision import Decision
from server.access.dice import Draw
from server.access.outcome import VisitSummary
from server.access.seen import Analysis
from wire import Box


@dataclass(frozen=True)
class ObservedFrame:
    """One frame: all that the door was told, and what it made of it.

    `at`: monotonic seconds, as given to `Door.observe`. `moment`: the wall clock without a time zone, as
    given to `Roster.orders`. `followed`: the boxes of `Hints.followed`, in their order. `enrolled`: people
    and photos in the gallery. `drawn`: what the door's `Dice` gave during this frame. `decision`: as it stood
    in the end; `retracted`: it could not be logged, so the visit was denied. `ended`: visits that are over.
    `jpeg`: the picture, where it is kept.
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
class ClosedDoor:
    """The terminal has left: the decisions on visits that were under way, as they stood in the end, and what
    became of all that had not ended."""

    moment: datetime
    decisions: tuple[Decision, ...]
    ended: tuple[VisitSummary, ...]
