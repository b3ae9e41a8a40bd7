"""Whether the server can do what it is there for."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from server.workers.pool import WorkerCounts

ROOM = 1 << 20
"""Bytes of free disk without which the next lines of the access log may not fit."""
LOOK_SECONDS = 5.0
STUCK_SECONDS = 30.0
"""A disk that does not say for so long what is free on it does not take lines either."""


class Condition:
    """What is at fault now, for as long as `watch` runs."""

    def __init__(
        self,
        *,
        workers: Callable[[], WorkerCounts],
        log_fails: Callable[[], bool],
        logs: Path,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`log_fails`: whether the access log's last line could not be written. `logs`: its folder."""
        self._workers = workers
        self._log_fails = log_fails
        self._logs = logs
        self._clock = clock
        self._sleep = sleep
        self._has_room = True
        self._looked = clock()

    def faults(self) -> list[str]:
        """A sentence each. While there is one, everybody is denied."""
        found = []
        if self._workers().alive == 0:
            found.append("no worker process is there")
        if self._log_fails():
            found.append("the access log cannot be written")
        elif not self._has_room:
            found.append("the disk of the access log is full")
        elif self._clock() - self._looked > STUCK_SECONDS:
            found.append("the disk of the access log does not answer")
        return found

    async def watch(self) -> None:
        """For ever."""
        while True:
            self._has_room = await asyncio.to_thread(_has_room, self._logs)
            self._looked = self._clock()
            await self._sleep(LOOK_SECONDS)


def _has_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free >= ROOM
    except OSError:  # it is gone: the next line makes it anew, or fails
        return True
