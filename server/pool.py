"""Worker processes that survive being killed.

There is one process more than frames in work at once; it takes over when a worker dies and judges photos
meanwhile. Each worker has a pipe and, in the parent, a thread that waits at it: a `ProcessPoolExecutor`
breaks as a whole when one process dies, and costs twice as much for each frame.
"""

import asyncio
import contextlib
import ctypes
import itertools
import logging
import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
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


class WorkerGoneError(Exception):
    """The process ended, `seconds` after it was asked. `begun`: while it was busy with the task."""

    def __init__(self, begun: bool, seconds: float) -> None:
        super().__init__("the worker process ended")
        self.begun = begun
        self.seconds = seconds


class _Worker:
    """One process, which does one task at a time."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        """`on_end` is called from a thread when the process has ended, whatever it was doing."""
        context = multiprocessing.get_context("spawn")
        self._pipe, self._its_end = context.Pipe()
        self._begun: ctypes.c_uint64 = context.RawValue(ctypes.c_uint64, 0)
        self._process = context.Process(target=worker.serve, args=(self._its_end, self._begun), daemon=True)
        self._thread = ThreadPoolExecutor(1, "worker")
        self._numbers = itertools.count(1)
        self._on_end = on_end

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def start(self, cache: Path) -> "Future[list[worker.Remark]]":
        """Start the process and load the models; returns what is to be logged about it."""
        return self._thread.submit(self._start, cache)

    def ask(self, task: Callable[[], T]) -> "Future[T]":
        """Have `task` done. The future raises WorkerGoneError, and whatever the task raises."""
        return self._thread.submit(self._ask, task)

    def _start(self, cache: Path) -> list[worker.Remark]:
        with osdep.interrupt_held_back():
            self._process.start()
        self._its_end.close()
        threading.Thread(target=self._watch, daemon=True).start()
        return self._ask(partial(worker.load, cache))

    def _watch(self) -> None:
        self._process.join()
        self._on_end()

    def _ask(self, task: Callable[[], T]) -> T:
        number, asked = next(self._numbers), time.monotonic()
        try:
            self._pipe.send((number, task))
            result, error = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerGoneError(self._begun.value == number, time.monotonic() - asked) from None
        if error is not None:
            raise error
        done: T = result
        return done

    def finish(self) -> None:
        """Let the process end after what it is doing; blocks until it has."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._pipe.close()
        if self._process.pid:
            self._process.join()

    def kill(self) -> None:
        """End it now."""
        if self._process.pid:
            self._process.kill()
        self._thread.shutdown(wait=False, cancel_futures=True)


class WorkerPool:
    """Runs the functions of `server.vision.worker` in processes of their own."""

    def __init__(self, workers: int, cache: Path) -> None:
        """`workers`: how many frames are in work at once. `cache`: folder for what workers convert once."""
        self.workers = workers
        self._cache = cache
        self._idle: asyncio.Queue[_Worker] = asyncio.LifoQueue()  # the last used is still in the CPU's caches
        self._alive: set[_Worker] = set()
        self._restarts: set[asyncio.Task[None]] = set()
        self._remarks: set[worker.Remark] = set()
        self._closed = False

    async def start(self) -> None:
        """Start every process and load the models. Raises WorkersUnavailableError."""
        try:
            if not self._cache.is_dir():
                await self._add_worker()  # it fills the cache for the others
            await self._add_workers(self.workers + SPARES - len(self._alive))
        except BaseException as error:
            await self.close()
            raise WorkersUnavailableError(str(error)) from error

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `task` in a worker. A task whose worker dies is tried once more, on another one.

        Raises PoisonError when the second worker dies as well or the task takes longer than
        `TASK_SECONDS`, and whatever the task itself raises.
        """
        deaths = 0
        while deaths < 2:
            worker_ = await self._idle.get()
            if worker_ not in self._alive:
                continue
            future = worker_.ask(partial(task, *args, **kwargs))
            too_long = asyncio.get_running_loop().call_later(TASK_SECONDS, worker_.kill)
            try:
                result = await asyncio.wrap_future(future)
            except WorkerGoneError as gone:
                self._replace(worker_)
                if gone.seconds >= TASK_SECONDS:
                    break
                deaths += gone.begun  # else it died while idle: not the task's doing
            except asyncio.CancelledError:
                self._take_back(worker_, future)
                raise
            except Exception:
                self._idle.put_nowait(worker_)
                raise
            else:
                self._idle.put_nowait(worker_)
                return result
            finally:
                too_long.cancel()
        raise PoisonError

    def _take_back(self, worker_: _Worker, future: "Future[Any]") -> None:
        """Nobody waits for the answer any more, but the worker is still busy with it."""
        loop = asyncio.get_running_loop()

        def release() -> None:
            if future.cancelled() or isinstance(future.exception(), WorkerGoneError):
                self._replace(worker_)
            else:
                self._idle.put_nowait(worker_)

        future.add_done_callback(lambda _: loop.call_soon_threadsafe(release))

    async def close(self) -> None:
        """End every process, also one that hangs."""
        self._closed = True
        for restart in tuple(self._restarts):
            restart.cancel()
        await asyncio.gather(*self._restarts, return_exceptions=True)
        ending = {
            worker_: asyncio.ensure_future(asyncio.to_thread(worker_.finish)) for worker_ in self._alive
        }
        if ending:
            await asyncio.wait(ending.values(), timeout=END_SECONDS)
        for worker_, end in ending.items():
            if not end.done():
                worker_.kill()
        await asyncio.gather(*ending.values())
        self._alive.clear()

    async def _add_workers(self, count: int) -> None:
        outcomes = await asyncio.gather(*(self._add_worker() for _ in range(count)), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _add_worker(self) -> None:
        loop = asyncio.get_running_loop()

        def ended() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody needs workers any more
                loop.call_soon_threadsafe(self._replace, added)

        added = _Worker(ended)
        try:
            self._log(await asyncio.wrap_future(added.start(self._cache)))
        except BaseException:
            added.kill()
            raise
        self._alive.add(added)
        self._idle.put_nowait(added)

    def _log(self, remarks: list[worker.Remark]) -> None:
        """Log what a worker says of its start; what another has said already is not repeated."""
        for remark in remarks:
            if remark not in self._remarks:
                log.log(*remark)
            self._remarks.add(remark)

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
