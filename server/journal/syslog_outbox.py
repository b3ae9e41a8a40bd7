"""Messages on their way to a collector: they wait while it is away, and what does not fit is counted."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from server.support.complaint import Complaint

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Messages; more are dropped, and their number is told when the collector is back. 5 MB."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two tries to connect, twice as long each time."""
LAST_SECONDS = 2.0
"""How long the end of the server waits for what is left."""


class Connection(Protocol):
    """What `SyslogConnection` does."""

    def send(self, message: bytes) -> None:
        """Raises OSError."""

    def close(self) -> None: ...


class Outbox:
    """A thread connects and sends; whoever puts never waits. What breaks on its way is sent again."""

    def __init__(
        self, where: str, connect: Callable[[], Connection], dropped: Callable[[int], bytes]
    ) -> None:
        """`where`: the collector, for the console. `connect` raises OSError. `dropped`: the message that so
        many were."""
        self._where = where
        self._connect = connect
        self._tell_dropped = dropped
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._ended = False
        self._connection: Connection | None = None
        self._complaint = Complaint(log, logging.WARNING)
        self._away = False
        self._thread = threading.Thread(target=self._work, name="syslog-sender", daemon=True)
        self._thread.start()

    def put(self, message: bytes) -> None:
        """Once something does not fit, nothing does until all that waits is sent: one gap, not many."""
        with self._changed:
            if self._dropped or len(self._waiting) >= MAX_WAITING:
                self._dropped += 1
            else:
                self._waiting.append(message)
            self._changed.notify()

    def close(self, seconds: float = LAST_SECONDS) -> None:
        """Send what waits, in this time; what does not go is told on the console."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(seconds)
        left = len(self._waiting) + self._dropped
        if left:
            log.warning("syslog: %d messages did not reach %s", left, self._where)

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while (step := self._next()) is not None:
            try:
                self._send(*step)
            except OSError as error:
                self._connection = None
                self._away = True
                self._complaint.tell("syslog: %s takes nothing, so messages wait: %s", self._where, error)
                if self._rest(pause):
                    break
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
        if self._connection is not None:
            self._connection.close()

    def _send(self, message: bytes, dropped: int) -> None:
        """Raises OSError: it still waits."""
        if self._connection is None:
            self._connection = self._connect()
        self._connection.send(message)
        with self._changed:
            if dropped:
                self._dropped -= dropped
            else:
                self._waiting.popleft()
        if self._away:
            log.info("syslog: %s is back", self._where)
        self._away = False
        self._complaint.mended()

    def _next(self) -> tuple[bytes, int] | None:
        """What is to be sent next, and how many dropped messages it tells of; None: nothing, and it is the
        end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._dropped or self._ended)
            if self._waiting:
                return self._waiting[0], 0
            return (self._tell_dropped(self._dropped), self._dropped) if self._dropped else None

    def _rest(self, seconds: float) -> bool:
        """Returns whether it is the end."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, seconds)
