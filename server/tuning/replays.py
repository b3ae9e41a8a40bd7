"""Decides recordings again under other rules, in a process of its own that everything else goes before: one
such job at a time, with progress and an end."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial

from server.access.rules import Rules
from server.tuning import replay_task
from server.tuning.replay_task import Progress, ReplayOrder, ReplayResult
from server.workers.aside import own_process
from server.workers.process import WorkerGoneError, WorkerProcess

log = logging.getLogger(__name__)

STRETCH_SECONDS = 0.5
"""Progress is told so often."""
MOST_SECONDS = 1800.0
"""After half an hour it ends, and tells of what it came to."""


class State(str, Enum):
    """How far a replay has come."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class Job:
    """One replay. `terminals`: of these alone; None: of all. `moment`: when it began. `result`: also of one
    that was out of time, as far as it came."""

    rules: Rules
    terminals: Collection[str] | None
    moment: datetime
    state: State = State.RUNNING
    progress: Progress = field(default_factory=Progress)
    result: ReplayResult | None = None
    problem: str | None = None


class ReplayBusyError(Exception):
    """There is one already."""


class Replays:
    """The job that is under way, or the last one. For one event loop."""

    def __init__(
        self,
        process: Callable[[Callable[[], None]], WorkerProcess] = own_process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`process` makes the process of a job; it is told what to call at its end."""
        self.job: Job | None = None
        self._make_process = process
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self, order: ReplayOrder) -> Job:
        """Raises ReplayBusyError."""
        if self._task is not None and not self._task.done():
            raise ReplayBusyError
        self.job = Job(order.rules, order.terminals, datetime.now().astimezone())
        self._task = asyncio.create_task(self._run(self.job, order))
        return self.job

    async def stop(self) -> None:
        """End the job, if one is under way."""
        if self._task is None or self.job is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self.job.state is State.RUNNING:  # the end of its process was not waited for
            self.job.state = State.STOPPED

    async def _run(self, job: Job, order: ReplayOrder) -> None:
        process, state = self._make_process(lambda: None), State.FAILED
        try:
            job.result = await self._replayed(job, process, order)
            state = State.DONE if job.progress.done else State.STOPPED
        except asyncio.CancelledError:
            state = State.STOPPED
        except WorkerGoneError:
            job.problem = "Its process has ended; perhaps memory ran out."
        except OSError as error:
            job.problem = f"The recordings cannot be read: {error}."
        except Exception:
            log.exception("a replay has failed")
            job.problem = "Something went wrong; the server's log says what."
        finally:
            process.kill()
            await process.finish()
            job.state = state

    async def _replayed(self, job: Job, process: WorkerProcess, order: ReplayOrder) -> ReplayResult:
        deadline = self._clock() + MOST_SECONDS
        packed = await asyncio.to_thread(replay_task.packed, order)
        job.progress = await process.start(partial(replay_task.begin, packed))
        while not job.progress.done and self._clock() < deadline:
            job.progress = await process.ask(partial(replay_task.go_on, STRETCH_SECONDS))
        return await process.ask(replay_task.result)
