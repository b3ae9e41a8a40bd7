"""What came of all frames since the start: how many were answered, how fast, and how many made way. Pure."""

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
"""Seconds, ascending: a door feels quick up to 0.2, and visitors wait from 1 on."""


@dataclass
class FrameTally:
    """`skipped`: frames that made way for a newer one. `within`: how many were answered within each of
    `BOUNDS`, but not within the one before it, and last those beyond. `seconds`: of all answered ones
    together, from the arrival of the frame to its answer."""

    skipped: int = 0
    seconds: float = 0.0
    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def take(self, seconds: float) -> None:
        """A frame was answered so long after it had come."""
        self.within[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    @property
    def answered(self) -> int:
        return sum(self.within)
