"""What each of several thresholds would have recognised. Pure."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from server.access.evidence import held_against
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


class Tried(Protocol):
    """What must be known of a visit: as in `server.history.kept.KeptVisit`."""

    @property
    def candidate(self) -> str | None: ...
    @property
    def distance(self) -> float | None: ...
    @property
    def runner_up(self) -> float | None: ...
    @property
    def verdict(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def threshold(self) -> float | None: ...


def grid_of(visits: Sequence[Tried], thresholds: Sequence[float], margin: float) -> list[Line]:
    """A line for each threshold. `margin`: how much farther the runner-up must be."""
    apart = [visit for visit in visits if _is_apart(visit, margin)]
    nearest = sorted(_distance(visit) for visit in apart)
    granted = [(_distance(visit), visit.name) for visit in visits if visit.verdict == Verdict.GRANTED.value]
    refused = [(_distance(visit), visit.candidate) for visit in apart if _is_gained(visit)]
    return [
        Line(
            threshold=threshold,
            recognised=bisect_right(nearest, threshold),
            visits=len(visits),
            lost=Counter(name for distance, name in granted if name is not None and distance > threshold),
            gained=Counter(name for distance, name in refused if name is not None and distance <= threshold),
        )
        for threshold in thresholds
    ]


def _distance(visit: Tried) -> float:
    return math.inf if visit.distance is None else visit.distance


def _is_apart(visit: Tried, margin: float) -> bool:
    """Whether a threshold as large as the distance would have recognised somebody."""
    if visit.candidate is None or visit.distance is None:
        return False
    return held_against(visit.distance, visit.runner_up, visit.distance, margin) is Reason.RECOGNISED


def _is_gained(visit: Tried) -> bool:
    """Whether nothing but the threshold was in the way of recognising."""
    if visit.threshold is None or visit.distance is None:
        return False
    return visit.reason in UNRECOGNISED and visit.distance > visit.threshold
