"""Tells the service manager that the server lives, and how it does, for as long as it does."""

import asyncio
import time
from collections.abc import Callable

from server.support.service_manager import ServiceManager
from server.vitals.condition import Condition
from server.workers.pool import WorkerCounts

BEAT_SECONDS = 10.0
"""Where no watchdog waits for it: so old may the status be."""
START_SECONDS = 60.0
"""For which a start that goes on is never given up. The first, which looks at every photo, may take long."""
WITHOUT_WORKERS_SECONDS = 60.0
"""After so long without a worker process nothing is expected of trying again, but of a new start."""


class Heartbeat:
    """Signs of life come from the event loop: one that hangs gives none.

    They end also when no worker process can be started any more. They do not end when the disk is full: a new
    start would free nothing, and would find nobody enrolled for a while.
    """

    def __init__(
        self,
        manager: ServiceManager,
        workers: Callable[[], WorkerCounts],
        condition: Condition,
        doing: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`doing`: what the server does now, in a line."""
        self._manager = manager
        self._workers = workers
        self._condition = condition
        self._doing = doing
        self._clock = clock
        self._with_workers = clock()
        self._started = False

    async def beat(self) -> None:
        """For ever; returns at once where nobody listens."""
        while self._manager.listens:
            self.once()
            await asyncio.sleep(min(BEAT_SECONDS, (self._manager.watchdog_seconds or BEAT_SECONDS) / 2))

    def started(self) -> None:
        """From now on terminals are served."""
        self._started = True
        self._with_workers = self._clock()
        self._manager.ready()
        self.once()

    def once(self) -> None:
        if not self._started:
            self._manager.starting(START_SECONDS)
            self._manager.status(self._doing())
            return
        if self._workers().alive:
            self._with_workers = self._clock()
        if self._clock() - self._with_workers < WITHOUT_WORKERS_SECONDS:
            self._manager.alive()
        faults = self._condition.faults()
        self._manager.status(f"EVERYBODY IS DENIED: {'; '.join(faults)}" if faults else self._doing())
