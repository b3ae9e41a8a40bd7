"""A debug monitor: how late the event loop is, and what kept it (setting `watch_loop`).

The loop is asked to come back every 2 ms. When it is more than 10 ms late, a thread beside it notes what all
threads are doing, and the loop reports that with what its own thread did meanwhile: it ran, it was ready but
given no processor (other processes had them), or it waited for something else. Watching takes some 5 % of
a core.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import NamedTuple

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.002
LATE_SECONDS = 0.010
COMPLAINT_SECONDS = 1.0
"""Pause between two reports of single delays."""
SUMMARY_SECONDS = 60.0
STACK_CALLS = 6
"""How many calls of the loop's thread are shown, the innermost last."""
OURS = ("server", "wire")
"""Packages whose code tells what a thread is working at."""
WAITING = ("threading", "queue", "selectors", "multiprocessing.connection", "concurrent.futures.thread")
"""Modules in which threads that have nothing to do are found."""
UNSEEN = "doing what was not seen: no other thread got the interpreter"
_SCHEDULER_FILE = "/proc/thread-self/schedstat"


class Moment(NamedTuple):
    """Monotonic seconds; seconds that the thread has run; seconds it has been ready and did not run."""

    now: float
    ran: float
    starved: float | None


@dataclass(frozen=True)
class Delay:
    """The loop came back `late` seconds after it should have.

    Of these its thread ran for `ran` and was ready without running for `starved` seconds (None: this system
    does not tell). The rest it waited: in a call that blocks, or for a thread that held the interpreter.
    """

    late: float
    ran: float
    starved: float | None

    @classmethod
    def between(cls, before: Moment, due: float, after: Moment) -> "Delay":
        late = max(0.0, after.now - due)
        starved = None
        if before.starved is not None and after.starved is not None:
            starved = min(after.starved - before.starved, late)
        return cls(late, min(after.ran - before.ran, late - (starved or 0.0)), starved)

    @property
    def blocked(self) -> float:
        """Seconds that are not the fault of other processes, as far as can be told."""
        return self.late - (self.starved or 0.0)

    def __str__(self) -> str:
        told = f"{_ms(self.late)} late: {_ms(self.ran)} running"
        if self.starved is None:
            return f"{told}, {_ms(self.late - self.ran)} waiting or not scheduled"
        return f"{told}, {_ms(self.blocked - self.ran)} waiting, {_ms(self.starved)} not scheduled"


class Tally:
    """All delays since `started` (monotonic seconds), in numbers."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._worst = self._worst_blocked = Delay(0.0, 0.0, None)
        self._late = self._blocked = 0
        self._late_seconds = 0.0

    def add(self, delay: Delay) -> None:
        self._worst = max(self._worst, delay, key=lambda known: known.late)
        self._worst_blocked = max(self._worst_blocked, delay, key=lambda known: known.blocked)
        if delay.late > LATE_SECONDS:
            self._late += 1
            self._late_seconds += delay.late
            self._blocked += delay.blocked > LATE_SECONDS

    def summary(self, now: float) -> str:
        seconds = max(now - self._started, BEAT_SECONDS)
        return (
            f"event loop, {seconds:.0f} s: more than {_ms(LATE_SECONDS)} late {self._late} times"
            f" ({self._late_seconds / seconds:.2%} of the time), by its own doing {self._blocked} times;"
            f" longest {self._worst}; longest by its own doing {self._worst_blocked}"
        )


class LoopWatch:
    """Watches the running loop from `start` to `stop`. `clock` is read in the loop's thread."""

    def __init__(self, clock: Callable[[], Moment]) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="loopwatch", daemon=True)
        self._last = clock()
        self._due = self._last.now + BEAT_SECONDS
        self._next_complaint = 0.0
        self._whole = Tally(self._last.now)
        self._minute = Tally(self._last.now)
        self._next_summary = self._last.now + SUMMARY_SECONDS
        self._seen: tuple[float, str] | None = None

    def start(self) -> None:
        self._timer = self._loop.call_at(self._due, self._beat)
        self._watcher.start()

    def stop(self) -> None:
        self._timer.cancel()
        self._stopping.set()
        self._watcher.join()
        log.info("%s", self._whole.summary(self._clock().now))

    def _beat(self) -> None:
        moment = self._clock()
        delay = Delay.between(self._last, self._due, moment)
        self._whole.add(delay)
        self._minute.add(delay)
        if delay.late > LATE_SECONDS and moment.now >= self._next_complaint:
            self._next_complaint = moment.now + COMPLAINT_SECONDS
            seen = self._seen
            log.warning("event loop %s; %s", delay, seen[1] if seen and seen[0] == self._due else UNSEEN)
        if moment.now >= self._next_summary:
            log.info("%s", self._minute.summary(moment.now))
            self._minute = Tally(moment.now)
            self._next_summary = moment.now + SUMMARY_SECONDS
        self._last = moment
        self._due = moment.now + BEAT_SECONDS
        self._timer = self._loop.call_at(self._due, self._beat)

    def _watch(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            due = self._due
            if time.monotonic() - due > LATE_SECONDS and (self._seen is None or self._seen[0] != due):
                self._seen = (due, doings(self._thread))


def doings(loop_thread: int) -> str:
    """What the loop's thread is doing, and which other threads are at work in our code."""
    frames = sys._current_frames()
    innermost, *callers = _calls(frames[loop_thread])
    calls = [innermost, *(call for call in callers if not _module(call).startswith("asyncio."))]
    told = " > ".join(_place(call) for call in reversed(calls[:STACK_CALLS]))
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in frames.items():
        if ident in (loop_thread, threading.get_ident()) or _module(frame) in WAITING:
            continue
        ours = next((call for call in _calls(frame) if _module(call).partition(".")[0] in OURS), None)
        if ours is not None:
            told += f"; beside it {names.get(ident, ident)}: {_place(ours)} > {_place(frame)}"
    return told


def _calls(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and its callers, the innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def _place(frame: FrameType) -> str:
    return f"{_module(frame)}.{frame.f_code.co_name}:{frame.f_lineno}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


@contextlib.contextmanager
def thread_clock() -> Iterator[Callable[[], Moment]]:
    """A clock for the thread that calls this."""
    with contextlib.ExitStack() as stack:
        scheduler: int | None = None
        with contextlib.suppress(OSError):  # only Linux tells
            scheduler = os.open(_SCHEDULER_FILE, os.O_RDONLY)
            stack.callback(os.close, scheduler)

        def read() -> Moment:
            starved = None if scheduler is None else int(os.pread(scheduler, 100, 0).split()[1]) / 1e9
            return Moment(time.monotonic(), time.thread_time(), starved)

        yield read


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Watch the running loop."""
    with thread_clock() as clock:
        watch = LoopWatch(clock)
        watch.start()
        try:
            yield
        finally:
            watch.stop()
