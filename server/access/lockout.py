"""A terminal that has refused too many visits in a row refuses everybody for a while."""

import math
from collections import deque

from wire.reasons import Reason

WINDOW_SECONDS = 600.0
"""Failures in a row count together when they lie within 10 minutes: strangers who happen by in the course of
a day are no attack."""
FIRST_SECONDS = 15.0
"""The first lock: no more than a resident who was refused by mistake will wait for."""
LONGEST_SECONDS = 600.0
"""The longest lock, from the 7th on. Whoever keeps on has 6 tries an hour; longer would do more for somebody
who wants to keep the residents out."""
QUIET_SECONDS = 600.0
"""After a lock has ended, this long without a failure and all is forgotten. As long as `WINDOW_SECONDS`: to
wait it out gives about as many tries, `attempts` in 10 minutes, as never to let it come to a lock."""
FAILED_ATTEMPTS = frozenset(
    {
        Reason.UNKNOWN_FACE,
        Reason.NEAR_TIE,
        Reason.DISAGREEING,
        Reason.TOO_FEW_LOOKS,
        Reason.NOT_LIVE,
        Reason.CHALLENGE_FAILED,
    }
)
"""Refusals that count against the terminal's attempts: somebody tried to be taken for a resident."""
REPEATED_ATTEMPTS = frozenset({Reason.NOT_LIVE, Reason.CHALLENGE_FAILED})
"""Those that count each time: whoever did not do as asked is asked again. Of others, a visit counts one."""
LEFT_PARTS, ATTEMPT_PARTS = 1, 3
"""A visit that ends before it is decided, in which there was enough to see for a grant and nobody was
recognised, counts a third of an attempt: whoever leaves in time and comes again has hardly more tries than
others, and people who pass a door by do not lock it unless they are many."""
MAX_ATTEMPTS = 100
"""Largest budget; more is no limit worth the name."""
MAX_TERMINALS = 10_000
"""How many terminals are remembered: as many as `max_terminals` may let connect at once."""


class Lockout:
    """The failed visits of one terminal. Times are monotonic seconds, never decreasing.

    `attempts`: so many failures in a row and the terminal is locked; 0 counts nothing and never locks. It
    may be set anew at any time.
    """

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts
        self._failures: deque[tuple[float, int]] = deque(maxlen=ATTEMPT_PARTS * MAX_ATTEMPTS)
        """When, and how many parts of an attempt."""
        self._lock_seconds = 0.0
        self._locked_until = 0.0

    def failed(self, now: float, parts: int = ATTEMPT_PARTS) -> float:
        """A visit was refused; returns for how many seconds that locks the terminal, 0 when it does not.
        While locked nothing is counted: nobody had a chance. After a lock one attempt leads to the next."""
        if not self.attempts or self.seconds_left(now) > 0:
            return 0.0
        if self.idle(now):
            self.granted()
        self._failures.append((now, parts))
        recent = sum(parts for at, parts in self._failures if now - at <= WINDOW_SECONDS)
        if recent < ATTEMPT_PARTS * (1 if self._lock_seconds else self.attempts):
            return 0.0
        self._failures.clear()
        self._lock_seconds = min(max(2 * self._lock_seconds, FIRST_SECONDS), LONGEST_SECONDS)
        self._locked_until = now + self._lock_seconds
        return self._lock_seconds

    def granted(self) -> None:
        """Somebody was let in: all is forgotten."""
        self._failures.clear()
        self._lock_seconds = self._locked_until = 0.0

    def seconds_left(self, now: float) -> float:
        """How long the terminal still refuses everybody; 0 when it does not."""
        return max(0.0, self._locked_until - now) if self.attempts else 0.0

    def idle(self, now: float) -> bool:
        """Whether there is nothing to remember: it behaves as a new one would."""
        last = self._failures[-1][0] if self._failures else -math.inf
        locked = self._lock_seconds and now < self._locked_until + QUIET_SECONDS
        return not locked and now - last > WINDOW_SECONDS


class Lockouts:
    """The `Lockout` of each terminal, by its name: it outlives the terminal's connection.

    None is dropped that has something to remember, so nobody can end a lock by inventing names. Names beyond
    those that are remembered share one lockout.
    """

    def __init__(self, most: int = MAX_TERMINALS) -> None:
        """`most`: how many terminals are remembered."""
        self._most = most
        self._by_name: dict[str, Lockout] = {}
        self._others = Lockout(0)

    def __len__(self) -> int:
        """How many terminals are remembered."""
        return len(self._by_name)

    def of(self, terminal: str, attempts: int, now: float) -> Lockout:
        """The terminal's lockout with its present budget. For use at once: ask again for the next moment."""
        found = self._by_name.get(terminal)
        if found is None:
            if len(self._by_name) >= self._most:
                self._by_name = {name: kept for name, kept in self._by_name.items() if not kept.idle(now)}
            if len(self._by_name) < self._most:
                found = self._by_name[terminal] = Lockout(attempts)
            else:
                found = self._others
        found.attempts = attempts
        return found
