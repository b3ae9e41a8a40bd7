"""Visits that are over, as a door tells them, and as they are kept."""

from datetime import datetime

from server.access.decision import Decision
from server.access.liveness.proof import Aliveness
from server.access.outcome import VisitSummary
from server.history.kept import KeptVisit, Place
from server.history.rows import visit_row
from wire import Verdict
from wire.reasons import Reason

UNDECIDED = VisitSummary(
    decision=None,
    candidate=None,
    distance=None,
    runner_up=None,
    people=3,
    photos=0,
    looks=3,
    seconds=0.5,
    liveness=Aliveness.OFF,
    recogniser="dlib",
)


def summary(
    distance: float | None,
    reason: Reason = Reason.RECOGNISED,
    threshold: float = 0.3,
    candidate: str | None = "Ada",
    runner_up: float | None = 0.9,
) -> VisitSummary:
    """Of a visit that ended with this reason; recognised, it was Ada."""
    granted = reason is Reason.RECOGNISED
    decision = Decision(
        id="id",
        verdict=Verdict.GRANTED if granted else Verdict.DENIED,
        name="Ada" if granted else None,
        reason=reason,
        distance=distance,
        runner_up=runner_up,
        threshold=threshold,
        looks=4,
    )
    return VisitSummary(
        decision=decision,
        candidate=candidate,
        distance=distance,
        runner_up=runner_up,
        people=3,
        photos=2,
        looks=5,
        seconds=1.5,
        liveness=Aliveness.LIVE,
        recogniser="dlib",
    )


def kept(visit: VisitSummary, moment: datetime = datetime(2026, 11, 22, 8, 30)) -> KeptVisit:
    """As the history gives it back."""
    row = visit_row("front", moment, visit)
    return KeptVisit(place=Place(row["moment"], 1), **{**row, "moment": moment.astimezone()})
