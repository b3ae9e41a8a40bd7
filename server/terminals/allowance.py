"""How much one terminal may send: what goes beyond it is not read for a while. Pure.

A terminal that sends its next frame when the one before is answered stays far below. Another one waits in its
own buffers, and its frames grow old there: it slows nobody but itself.
"""

import math

BYTES_PER_SECOND = float(8 << 20)
"""Thirty frames a second of 270 kB; ours weigh 20 to 60 kB. Reading so much takes 2 % of a core."""
MESSAGES_PER_SECOND = 120.0
"""Twice as many as the quickest cameras take pictures."""
SECONDS_AT_ONCE = 2.0
"""What has not been used counts for so long."""
WARN_SECONDS, END_SECONDS = 5.0, 60.0
"""Whoever sends more than is read for so long is told of, and then disconnected."""
RULE = (
    f"at most {MESSAGES_PER_SECOND:.0f} messages and {BYTES_PER_SECOND / (1 << 20):.0f} MiB a second are read"
)


class Allowance:
    """Two token buckets that may be overdrawn, and since when one of them has been. All times in monotonic
    seconds, never decreasing."""

    def __init__(self, now: float) -> None:
        self._bytes = _Bucket(BYTES_PER_SECOND, now)
        self._messages = _Bucket(MESSAGES_PER_SECOND, now)
        self._since = math.inf

    def take(self, now: float, *, size: int = 0, messages: int = 0) -> float:
        """So much has been read. Returns for how many seconds nothing more is to be; 0: go on."""
        wait = max(self._bytes.take(size, now), self._messages.take(messages, now))
        if wait > 0:
            self._since = min(self._since, now)
        elif self._bytes.rested and self._messages.rested:
            self._since = math.inf
        return wait

    def exceeded(self, now: float) -> float:
        """For how many seconds more has been sent than is read."""
        return max(0.0, now - self._since)


class _Bucket:
    """`left`: below 0 where more was taken than there was."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._most = per_second * SECONDS_AT_ONCE
        self._left, self._at = self._most, now

    @property
    def rested(self) -> bool:
        """Whether less is taken than comes back: half of it is there again."""
        return self._left >= self._most / 2

    def take(self, amount: float, now: float) -> float:
        self._left = min(self._most, self._left + (now - self._at) * self._per_second) - amount
        self._at = now
        return max(0.0, -self._left / self._per_second)
