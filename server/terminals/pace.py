"""How many frames of one terminal are answered, and how long that takes, in the last seconds. Pure."""

from collections import deque
from dataclasses import dataclass

from wire import Timing

WINDOW_SECONDS = 10.0
MOST_FRAMES = 1000
"""So many are remembered: a hundred a second."""


@dataclass(frozen=True)
class Spread:
    """Milliseconds within which half of the frames, and 95 % of them, were served."""

    half: float
    most: float


@dataclass(frozen=True)
class Rates:
    """Frames per second, answered and skipped for a newer one, and the time that the answered ones spent
    waiting for a worker and being worked on; None when there were none."""

    answered: float
    skipped: float
    queue_ms: Spread | None
    work_ms: Spread | None


class Pace:
    """Remembers what came of the last frames. All times in monotonic seconds, never decreasing."""

    def __init__(self, since: float) -> None:
        """`since`: when the terminal has come."""
        self._since = since
        self._answered: deque[tuple[float, Timing]] = deque(maxlen=MOST_FRAMES)
        self._skipped: deque[float] = deque(maxlen=MOST_FRAMES)

    def answered(self, timing: Timing, now: float) -> None:
        self._answered.append((now, timing))

    def skipped(self, now: float) -> None:
        self._skipped.append(now)

    def rates(self, now: float) -> Rates:
        """Those of the last `WINDOW_SECONDS`, or since it has come."""
        seconds = min(WINDOW_SECONDS, max(1.0, now - self._since))
        timings = [timing for at, timing in self._answered if now - at <= seconds]
        return Rates(
            answered=len(timings) / seconds,
            skipped=sum(now - at <= seconds for at in self._skipped) / seconds,
            queue_ms=_spread([timing.queue_ms for timing in timings]),
            work_ms=_spread([timing.work_ms for timing in timings]),
        )


def _spread(values: list[float]) -> Spread | None:
    if not values:
        return None
    ordered = sorted(values)
    return Spread(ordered[(len(ordered) - 1) // 2], ordered[-(-19 * len(ordered) // 20) - 1])
