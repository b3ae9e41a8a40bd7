"""Whether one terminal takes more of the workers' time than a door needs. Pure."""

WORK_PER_SECOND = 0.4
"""Seconds: thirty frames of somebody who is being recognised."""
SECONDS_AT_ONCE = 3.0
"""What has not been used counts for so long: the first looks at a visitor cost most."""


class WorkShare:
    """Of one terminal. All times in monotonic seconds, never decreasing."""

    def __init__(self, now: float) -> None:
        self._left = WORK_PER_SECOND * SECONDS_AT_ONCE
        self._at = now

    def worked(self, seconds: float, now: float) -> None:
        """A worker has been busy with it for so long."""
        self._left = self._available(now) - seconds
        self._at = now

    def used_up(self, now: float) -> bool:
        return self._available(now) <= 0

    def _available(self, now: float) -> float:
        most = WORK_PER_SECOND * SECONDS_AT_ONCE
        return min(most, self._left + (now - self._at) * WORK_PER_SECOND)
