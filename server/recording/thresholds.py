"""What each of several thresholds would have recognised. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.recording.visits import StoredVisit
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


def grid(rows: Sequence[StoredVisit], thresholds: Sequence[float], margin: float) -> list[Line]:
    """A line for each threshold. `margin`: how much farther the runner-up must be."""
    return [_line(rows, threshold, margin) for threshold in thresholds]


def _line(rows: Sequence[StoredVisit], threshold: float, margin: float) -> Line:
    near = [row for row in rows if _recognised(row, threshold, margin)]
    return Line(
        threshold,
        len(near),
        len(rows),
        Counter(row.name for row in rows if row.name is not None and _is_lost(row, threshold)),
        Counter(row.candidate for row in near if row.candidate is not None and _is_gained(row)),
    )


def _recognised(row: StoredVisit, threshold: float, margin: float) -> bool:
    if row.candidate is None or row.distance is None or row.distance > threshold:
        return False
    return row.runner_up is None or row.runner_up - row.distance >= margin


def _is_lost(row: StoredVisit, threshold: float) -> bool:
    granted = row.verdict == Verdict.GRANTED.value
    return granted and (row.distance is None or row.distance > threshold)


def _is_gained(row: StoredVisit) -> bool:
    """Whether nothing but the threshold was in the way of recognising."""
    stood_off = row.threshold is not None and row.distance is not None and row.distance > row.threshold
    return row.reason in UNRECOGNISED and stood_off
