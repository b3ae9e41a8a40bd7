"""How far a terminal's clock is from the server's. Pure."""

from collections import deque

LARGE_SECONDS = 2.0
"""A skew that an administrator is told of: times in two logs then no longer tell what came first."""
TELLINGS = 5
"""So many of the newest count: one that was long on its way makes a clock look slow, and none makes it look
fast."""


class ClockSkew:
    """What is known of it in one session. `seconds`: how far it is ahead, behind where negative; None until
    the terminal has told its clock."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._newest: deque[float] = deque(maxlen=TELLINGS)
        self._told = False

    def __str__(self) -> str:
        """Such as "3.2 s behind the server's"."""
        seconds = self.seconds or 0.0
        return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} the server's"

    def tell(self, clock: float, now: float) -> bool:
        """The terminal's `clock` was told when the server's showed `now`, both seconds since 1970. Returns
        whether that is the first time that the skew is large."""
        self._newest.append(clock - now)
        self.seconds = max(self._newest)
        first = abs(self.seconds) > LARGE_SECONDS and not self._told
        self._told = self._told or first
        return first
