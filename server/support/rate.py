"""How often somebody may ask for what costs time. Pure but for the clock that it is given."""

from collections.abc import Callable

from server.support.recent import Recent


class RateLimit:
    """A token bucket for each caller: `burst` requests at once, and `per_second` in the long run."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: Recent[tuple[float, float]] = Recent()
        """Caller -> what was left, and when; who is forgotten has a full one."""

    def take(self, caller: str, cost: float = 1.0) -> float:
        """Ask for one more; returns 0 when it may be had, else the seconds until then. `cost`: in requests,
        at most the burst."""
        now = self._clock()
        left, at = self._buckets.get(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        wait = max(0.0, (cost - left) / self._per_second)
        self._buckets[caller] = (left if wait else left - cost), now
        return wait
