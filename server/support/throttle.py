"""Who keeps trying waits longer each time. Pure but for the clock that it is given."""

from collections.abc import Callable

from server.support.recent import Recent

FREE = 5
"""Failures that cost nothing: people mistype."""
FIRST_SECONDS = 2.0
MAX_SECONDS = 300.0
"""Of a pause. Whoever keeps away for so long has one failure less."""
FORGET_SECONDS = 3600.0
"""After so long without a failure all are forgotten."""


class Throttle:
    """Counts failures by key, such as an account's name or an address."""

    def __init__(self, clock: Callable[[], float], free: int = FREE) -> None:
        """`clock`: monotonic seconds. `free`: failures before anybody has to wait."""
        self._clock = clock
        self._free = free
        self._failures: Recent[tuple[int, float]] = Recent()
        """Key -> how many, and when the last was."""

    def wait(self, key: str) -> float:
        """How many seconds it still has to wait; 0: it may try."""
        count, since = self._known(key)
        if count < self._free:
            return 0.0
        pause = min(FIRST_SECONDS * 2.0 ** min(count - self._free, 16), MAX_SECONDS)
        return max(0.0, pause - since)

    def failed(self, key: str) -> None:
        count, _ = self._known(key)
        self._failures[key] = count + 1, self._clock()

    def take_back(self, key: str) -> None:
        """The last failure was none; those before it count."""
        if key in self._failures:
            count, last = self._failures[key]
            self._failures[key] = count - 1, last

    def succeeded(self, key: str) -> None:
        """All is forgiven."""
        self._failures.pop(key, None)

    def _known(self, key: str) -> tuple[int, float]:
        """How many failures count, and how many seconds ago the last was."""
        count, last = self._failures.get(key, (0, 0.0))
        since = self._clock() - last
        left = count - int(since // MAX_SECONDS)
        if since >= FORGET_SECONDS or left <= 0:
            self._failures.pop(key, None)
            return 0, since
        return left, since
