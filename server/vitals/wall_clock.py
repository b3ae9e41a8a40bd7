"""The server's clock, held against the time that has passed: what jumps makes every log's times doubtful."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from server.audit.security_log import SecurityKind
from server.events import Events, TimePassed

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
JUMP_SECONDS = 3.0
"""Between two looks. A clock that is kept right by small steps, as NTP does it, stays far below."""


class WallClock:
    """Also tells the sinks that time has passed."""

    def __init__(
        self,
        events: Events,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`wall`: seconds since 1970; `clock`: monotonic seconds."""
        self._events = events
        self._wall = wall
        self._clock = clock
        self._sleep = sleep
        self._ahead = wall() - clock()

    async def watch(self) -> None:
        """For ever."""
        while True:
            await self._sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Once."""
        self._events.publish(TimePassed())
        before, self._ahead = self._ahead, self._wall() - self._clock()
        jump = self._ahead - before
        if abs(jump) <= JUMP_SECONDS:
            return
        where = "ahead (or this machine slept)" if jump > 0 else "back"
        log.warning("THIS MACHINE'S CLOCK JUMPED %.0f s %s: times in the logs jump, too", abs(jump), where)
        self._events.notice(SecurityKind.CLOCK_JUMPED, seconds=round(jump, 1))
