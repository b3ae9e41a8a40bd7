"""Worker processes that survive being killed.

Each worker is an executor of one process: when that process dies, nothing else is lost. There is one
process more than frames in work at once; it takes over when a worker dies and judges photos meanwhile.
"""

import asyncio
import contextlib
import ctypes
import itertools
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, ParamSpec, TypeVar

from server import osdep
from server.vision import worker

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

SPARES = 1
TASK_SECONDS = 10.0
"""A worker busy for longer with one task hangs and is killed; the task is not tried again."""
END_SECONDS = 1.0
"""How long workers get to end by themselves."""
RESTART_SECONDS = 1.0
"""Pause before a worker that does not come up is tried again."""


class WorkersUnavailableError(RuntimeError):
    """No worker process could be started; the message says what to install."""


class PoisonError(Exception):
    """The task ended two workers or kept one for too long; it must not be tried again."""


class _Worker:
    """An executor of one process. `begun`, in shared memory: the number of the task it last began."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.begun: ctypes.c_uint64 = context.RawValue(ctypes.c_uint64, 0)
        self.executor = ProcessPoolExecutor(1, context, worker.start, (self.begun,))
        self.pid = 0

    async def load(self) -> None:
        """Start the process and load the models."""
        with osdep.interrupt_held_back():
            loading = self.executor.submit(worker.load)
        self.pid = await asyncio.wrap_future(loading)

    async def finish(self) -> None:
        """Let the process end after what it is doing."""
        await asyncio.to_thread(self.executor.shutdown, wait=True, cancel_futures=True)

    def kill(self) -> None:
        osdep.kill_process(self.pid)
        self.executor.shutdown(wait=False, cancel_futures=True)


def _forget(finished: "asyncio.Future[Any]") -> None:
    if not finished.cancelled():
        finished.exception()


class WorkerPool:
    """Runs the functions of `server.vision.worker` in processes of their own."""

    def __init__(self, workers: int) -> None:
        """`workers`: how many frames are in work at once."""
        self.workers = workers
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._alive: set[_Worker] = set()
        self._restarts: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    async def start(self) -> None:
        """Start every process and load the models. Raises WorkersUnavailableError."""
        outcomes = await asyncio.gather(
            *(self._add_worker() for _ in range(self.workers + SPARES)), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                await self.close()
                raise WorkersUnavailableError(str(outcome)) from outcome

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `task` in a worker. A task whose worker dies is tried once more, on another one.

        Raises PoisonError when the second worker dies as well or the task takes longer than
        `TASK_SECONDS`, and whatever the task itself raises.
        """
        deaths = 0
        while deaths < 2:
            worker_ = await self._idle.get()
            number = next(self._numbers)
            try:
                future = worker_.executor.submit(worker.begin, number, partial(task, *args, **kwargs))
            except BrokenProcessPool:
                self._replace(worker_)
                continue
            running = asyncio.wrap_future(future)
            try:
                result = await asyncio.wait_for(asyncio.shield(running), TASK_SECONDS)
            except BrokenProcessPool:
                deaths += worker_.begun.value == number  # else it died while idle: not the task's doing
                self._replace(worker_)
            except asyncio.TimeoutError:
                running.add_done_callback(_forget)
                self._replace(worker_)
                break
            except asyncio.CancelledError:  # the worker is still busy with it
                running.add_done_callback(partial(self._release, worker_))
                raise
            except Exception:
                self._idle.put_nowait(worker_)
                raise
            else:
                self._idle.put_nowait(worker_)
                return result
        raise PoisonError

    def _release(self, worker_: _Worker, finished: "asyncio.Future[Any]") -> None:
        if finished.cancelled() or isinstance(finished.exception(), BrokenProcessPool):
            self._replace(worker_)
        else:
            self._idle.put_nowait(worker_)

    async def close(self) -> None:
        """End every process, also one that hangs."""
        self._closed = True
        for restart in tuple(self._restarts):
            restart.cancel()
        await asyncio.gather(*self._restarts, return_exceptions=True)
        ending = {worker_: asyncio.ensure_future(worker_.finish()) for worker_ in self._alive}
        if ending:
            await asyncio.wait(ending.values(), timeout=END_SECONDS)
        for worker_, end in ending.items():
            if not end.done():
                worker_.kill()
        await asyncio.gather(*ending.values())
        self._alive.clear()

    async def _add_worker(self) -> None:
        added = _Worker()
        try:
            await added.load()
        except BaseException:
            added.executor.shutdown(wait=False, cancel_futures=True)
            raise
        self._alive.add(added)
        self._idle.put_nowait(added)

    def _replace(self, dead: _Worker) -> None:
        if self._closed or dead not in self._alive:
            return
        log.warning("worker process %d is gone; starting another", dead.pid)
        self._alive.discard(dead)
        dead.kill()
        restart = asyncio.get_running_loop().create_task(self._restart())
        self._restarts.add(restart)
        restart.add_done_callback(self._restarts.discard)

    async def _restart(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                try:
                    return await self._add_worker()
                except Exception as error:
                    log.error("a worker process does not start: %s", error)
                    await asyncio.sleep(RESTART_SECONDS)
