"""How long the event loop keeps what is due waiting: the one number that tells of a server that stalls."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

EVERY_SECONDS = 0.5
REMEMBERED = 120
"""Looks: a minute."""


class LoopDelay:
    """Measured for as long as `watch` runs. All in seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._delays: deque[float] = deque([0.0], maxlen=REMEMBERED)

    @property
    def last(self) -> float:
        return self._delays[-1]

    @property
    def worst(self) -> float:
        """Of the last minute."""
        return max(self._delays)

    async def watch(self) -> None:
        """For ever."""
        while True:
            due = self._clock() + EVERY_SECONDS
            await self._sleep(EVERY_SECONDS)
            self._delays.append(max(0.0, self._clock() - due))
