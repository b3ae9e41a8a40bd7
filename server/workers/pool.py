"""Worker processes that survive being killed.

There is one process more than frames in work at once; it takes over when a worker dies and judges photos
meanwhile.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeAlias, TypeVar

from server.access.seen import Analysis, Hints, PhotoOutcome
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError, ModelSettings
from server.workers.answers import AnswerError, TaskError
from server.workers.leaks import Leaks
from server.workers.patience import Patience, frame_seconds
from server.workers.process import WorkerGoneError, WorkerProcess

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

Load: TypeAlias = Callable[[ModelSettings], list[worker.LogMessage]]

SPARES = 1
TASK_SECONDS = 10.0
"""A worker busy for longer with one task hangs and is killed; the task is not tried again. Of a frame it may
be less: `frame_seconds`."""
BESIDE = 30.0
"""How many times as long something may take to which others go first."""
REST, LONGEST_REST = 3.0, 10.0
"""After something to which others go first nothing else of that kind is begun for so many times as long as
frames kept workers busy meanwhile, and for so many seconds at most: even what makes way at once slows frames
down, by what it leaves in the processors' caches."""
END_SECONDS = 1.0
"""How long workers get to end by themselves."""
LOAD_SECONDS = 120.0
"""A new process that has not loaded the models by then hangs. The very first converts networks meanwhile."""
RESTART_SECONDS = 1.0
"""Pause before a worker that does not come up is tried again."""


class WorkerCounts(NamedTuple):
    """Worker processes: how many there are to be, are there, and are busy now; how many had to be replaced
    since the start. `pids`: of those that are there."""

    wanted: int
    alive: int
    busy: int
    replaced: int
    pids: tuple[int, ...]


class WorkersUnavailableError(RuntimeError):
    """No worker process could be started; the message says what to install."""


class WorkerPool:
    """Analyses pictures in processes of their own; an `Analyser`."""

    def __init__(
        self,
        workers: int,
        models: ModelSettings,
        *,
        load: Load = worker.start,
        task_seconds: float = TASK_SECONDS,
    ) -> None:
        """`workers`: how many frames are in work at once. `models`: what each worker loads, by `load`. A
        worker that is busy for `task_seconds` with one task is killed."""
        self._workers = workers
        self._load = partial(load, models)
        self._task_seconds = task_seconds
        self._has_cache = models.cache.is_dir
        # last in, first out: what the last used worker needs is still in the processor's caches
        self._idle: asyncio.Queue[WorkerProcess] = asyncio.LifoQueue()
        self._alive: set[WorkerProcess] = set()
        self._busy: set[WorkerProcess] = set()
        self._leaks = Leaks()
        self._replaced = 0
        self._restarts: set[asyncio.Task[None]] = set()
        self._logged: set[worker.LogMessage] = set()
        self._serving = False
        self._frame_seconds = 0.0
        self._beside = asyncio.Semaphore(self.processes)
        self._closed = False

    @property
    def processes(self) -> int:
        """How many pictures can be looked at at once."""
        return self._workers + SPARES

    def counts(self) -> WorkerCounts:
        return WorkerCounts(
            wanted=self.processes,
            alive=len(self._alive),
            busy=len(self._busy & self._alive),
            replaced=self._replaced,
            pids=tuple(sorted(process.pid for process in self._alive)),
        )

    async def start(self) -> None:
        """Start every process and load the models. Raises WorkersUnavailableError."""
        try:
            if not self._has_cache():
                await self._add_worker()  # it fills the cache for the others
            await self._add_workers(self.processes - len(self._alive))
        except Exception as error:
            await self.close()
            said = error.said if isinstance(error, TaskError) else str(error)
            raise WorkersUnavailableError(said) from error

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        """Find the faces of one frame and embed those that need it. Raises PictureError,
        PictureTooLargeError, AnalysisFailedError."""
        begun = time.monotonic()
        try:
            return _fitting(
                await self._run(partial(worker.analyse, jpeg, hints), frame_seconds(hints)), hints
            )
        finally:
            self._frame_seconds += time.monotonic() - begun

    async def analyse_beside(self, jpeg: bytes, hints: Hints) -> Analysis:
        """As `analyse`, behind all other frames."""
        analysis = await self._aside(partial(worker.analyse, jpeg, hints), BESIDE * frame_seconds(hints))
        return _fitting(analysis, hints)

    async def analyse_photo(self, data: bytes) -> PhotoOutcome:
        """Judge and embed one enrolment photo, behind the doors' frames. Raises AnalysisFailedError."""
        if self._serving:
            return await self.run_beside(worker.analyse_photo, data)
        async with self._beside:
            return await self.run(worker.analyse_photo, data)

    def serve_frames(self) -> None:
        """From now on frames come: what is beside them leaves them all processes but the spare."""
        self._beside = asyncio.Semaphore(SPARES)
        self._serving = True

    async def run_beside(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for what may wait, and must not keep frames waiting: it gets what processors they leave,
        may take `BESIDE` times as long, and rests afterwards (`REST`).

        Measured on two cores with 16 doors at which a visitor comes every 40 s (`make bench-console`), while
        200 photos are judged and 20 browsers watch: 95 in 100 answers take 8 % longer. They take 33 to 53 %
        longer with photos alone, if those run at the lowest niceness and do not rest; at idle priority 17 %.
        """
        return await self._aside(partial(task, *args, **kwargs), BESIDE * self._task_seconds)

    async def _aside(self, task: Callable[[], T], seconds: float) -> T:
        """`seconds`: by the clock: it waits in a thread of its own, of which nobody tells for how long."""
        places = self._beside
        await places.acquire()
        before = self._frame_seconds
        try:
            return await self._run(partial(worker.beside, task), longest=seconds)
        finally:
            rest = min(REST * (self._frame_seconds - before), LONGEST_REST)
            asyncio.get_running_loop().call_later(rest, places.release)

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `task` in a worker. A task whose worker dies is tried once more, on another one.

        Raises AnalysisFailedError when the second worker dies as well, the task takes too long or the answer
        is none, and what the task itself raises: PictureError and its kind, else TaskError.
        """
        return await self._run(partial(task, *args, **kwargs))

    async def _run(
        self, task: Callable[[], T], seconds: float | None = None, longest: float | None = None
    ) -> T:
        """`seconds`, `longest`: as `Patience` takes them."""
        longest, deaths = longest or self._task_seconds, 0
        why = "it ended two workers"
        while deaths < 2:
            process = await self._idle.get()
            if process not in self._alive:
                continue
            self._busy.add(process)
            answer = process.ask(task)
            patience = Patience(process.pid, seconds or longest, longest, process.kill)
            answer.add_done_callback(patience.end)
            try:
                result = await asyncio.shield(answer)
            except WorkerGoneError as gone:
                self._replace(process)
                if gone.begun and patience.over:
                    why = "it took too long"
                    break
                deaths += gone.begun  # else it died, or was stopped, while idle: not the task's doing
            except AnswerError as error:
                self._replace(process)
                why = str(error)
                break
            except asyncio.CancelledError:
                answer.add_done_callback(partial(self._take_back, process))
                raise
            except Exception:
                self._put_back(process)
                raise
            else:
                self._put_back(process)
                return result
        raise AnalysisFailedError(why)

    def _take_back(self, process: WorkerProcess, answer: "asyncio.Future[Any]") -> None:
        """The worker is done with what nobody waits for any more."""
        if isinstance(answer.exception(), WorkerGoneError | AnswerError):
            self._replace(process)
        else:
            self._put_back(process)

    def _put_back(self, process: WorkerProcess) -> None:
        grown = self._leaks.grown(process.pid)
        if grown is not None and not self._restarts:  # one after the other, so that frames go on
            log.warning("worker process %d has grown by %d MB: it leaks", process.pid, grown >> 20)
            self._replace(process)
        else:
            self._busy.discard(process)
            self._idle.put_nowait(process)

    async def close(self) -> None:
        """End every process, also one that hangs."""
        self._closed = True
        for restart in tuple(self._restarts):
            restart.cancel()
        await asyncio.gather(*self._restarts, return_exceptions=True)
        ending = {process: asyncio.ensure_future(process.finish()) for process in self._alive}
        if ending:
            await asyncio.wait(ending.values(), timeout=END_SECONDS)
        for process, end in ending.items():
            if not end.done():
                process.kill()
        await asyncio.gather(*ending.values())
        self._alive.clear()

    async def _add_workers(self, count: int) -> None:
        outcomes = await asyncio.gather(*(self._add_worker() for _ in range(count)), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _add_worker(self) -> None:
        added = WorkerProcess(lambda: self._replace(added))
        try:
            self._log(await asyncio.wait_for(added.start(self._load), LOAD_SECONDS))
        except asyncio.TimeoutError:
            added.kill()
            raise RuntimeError(f"it had not loaded its models after {LOAD_SECONDS:.0f} s") from None
        except BaseException:
            added.kill()
            raise
        self._leaks.loaded(added.pid)
        self._alive.add(added)
        self._idle.put_nowait(added)

    def _log(self, messages: list[worker.LogMessage]) -> None:
        """Log what a worker says of its start; what another has said already is not repeated."""
        for message in messages:
            if message not in self._logged:
                log.log(*message)
            self._logged.add(message)

    def _replace(self, dead: WorkerProcess) -> None:
        if self._closed or dead not in self._alive:
            return
        log.warning("worker process %d is gone; starting another", dead.pid)
        self._alive.discard(dead)
        self._busy.discard(dead)
        self._leaks.gone(dead.pid)
        self._replaced += 1
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


def _fitting(found: object, hints: Hints) -> Analysis:
    """Raises AnalysisFailedError: it answers something that was not asked."""
    if isinstance(found, Analysis) and found.width * found.height <= hints.max_pixels:
        followed = [face.followed for face in found.faces if face.followed is not None]
        if all(index < len(hints.followed) for index in followed):
            return found
    raise AnalysisFailedError("its worker answers something that was not asked")
