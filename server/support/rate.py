"""How often somebody may ask for what costs time. Pure but for the clock that it is given."""

from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000
"""Callers; who asked longest ago is forgotten first, with a full bucket."""


class RateLimit:
    """A token bucket for each caller: `burst` requests at once, and `per_second` in the long run."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Caller -> what was left, and when."""

    def take(self, caller: str, cost: float = 1.0) -> float:
        """Ask for one more; returns 0 when it may be had, else the seconds until then. `cost`: in requests,
        at most the burst."""
        now = self._clock()
        left, at = self._buckets.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        wait = max(0.0, (cost - left) / self._per_second)
        self._buckets[caller] = (left if wait else left - cost), now
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return wait
