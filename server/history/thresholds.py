"""What each of several thresholds would have recognised. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.access.evidence import held_against
from server.history.kept import KeptVisit
from wire import Verdict
from wire.reasons import Reason

UNRECOGNISED = frozenset(
    {reason.value for reason in (Reason.UNKNOWN_FACE, Reason.TOO_FEW_LOOKS, Reason.LEFT)}
)
"""Refusals that another threshold might have turned into a recognition."""


@dataclass(frozen=True)
class Line:
    """One threshold, all other rules as they were. `recognised`: visits of `visits` that came so near to
    somebody. `lost`: grants that would not have been made, by person. `gained`: visits that were refused
    because nobody was near enough, by the person they would have been recognised as."""

    threshold: float
    recognised: int
    visits: int
    lost: Counter[str]
    gained: Counter[str]


def grid_of(visits: Sequence[KeptVisit], thresholds: Sequence[float], margin: float) -> list[Line]:
    """A line for each threshold. `margin`: how much farther the runner-up must be."""
    return [_line(visits, threshold, margin) for threshold in thresholds]


def _line(visits: Sequence[KeptVisit], threshold: float, margin: float) -> Line:
    near = [visit for visit in visits if _is_recognised(visit, threshold, margin)]
    lost = [visit for visit in visits if _is_lost(visit, threshold)]
    gained = [visit for visit in near if _is_gained(visit)]
    return Line(
        threshold=threshold,
        recognised=len(near),
        visits=len(visits),
        lost=Counter(visit.name for visit in lost if visit.name is not None),
        gained=Counter(visit.candidate for visit in gained if visit.candidate is not None),
    )


def _is_recognised(visit: KeptVisit, threshold: float, margin: float) -> bool:
    if visit.candidate is None or visit.distance is None:
        return False
    return held_against(visit.distance, visit.runner_up, threshold, margin) is Reason.RECOGNISED


def _is_lost(visit: KeptVisit, threshold: float) -> bool:
    granted = visit.verdict == Verdict.GRANTED.value
    return granted and (visit.distance is None or visit.distance > threshold)


def _is_gained(visit: KeptVisit) -> bool:
    """Whether nothing but the threshold was in the way of recognising."""
    if visit.threshold is None or visit.distance is None:
        return False
    return visit.reason in UNRECOGNISED and visit.distance > visit.threshold
