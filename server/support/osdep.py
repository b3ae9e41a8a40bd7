"""The few calls that differ between operating systems, each with a fallback."""

import asyncio
import contextlib
import ctypes
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import resource

T = TypeVar("T")

NICE = 5
"""How far workers step back: when they have all processors, the event loop still gets one as it needs it."""
TIMEX_BYTES, UNSYNCHRONISED = 512, 5
"""More than adjtimex(2) fills in, and its TIME_ERROR."""
LAST_NICE = 19
"""Of what may wait."""


def flush_to_disk(file: IO[bytes]) -> None:
    """Return when the file's content is on the disk itself, not only in the kernel's cache."""
    file.flush()
    full_sync = getattr(fcntl, "F_FULLFSYNC", None) if sys.platform != "win32" else None
    if full_sync is not None:  # macOS: fsync alone leaves the data in the drive's cache
        with contextlib.suppress(OSError):  # not on every file system
            fcntl.fcntl(file.fileno(), full_sync)
            return
    os.fsync(file.fileno())


def flush_folder_to_disk(folder: str) -> None:
    """Make a new file's name durable. Windows has no such call and keeps names durable by itself."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some network file systems cannot, and need not
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def not_waiting_opener(path: str, flags: int) -> int:
    """An opener for `open()`: a FIFO put in the file's place cannot block the caller."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def private_opener(path: str, flags: int) -> int:
    """An opener for `open()`: the file is readable by its owner and group only."""
    return os.open(path, flags, 0o640)


def lock_for_ever(descriptor: int) -> bool:
    """Take an open file or folder for this process until it is closed. False: another process has it. What
    the file system cannot lock is not locked."""
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP):
            return False
    return True


def allow_many_files() -> None:
    """Let the process open as many files and connections as the system lets it."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_open_files() -> int | None:
    """How many files and connections a process may have open; None: there is no such limit."""
    if sys.platform == "win32":
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


def clock_is_synchronised() -> bool | None:
    """Whether a time service keeps the clock right; None: the system does not tell."""
    if sys.platform != "linux":
        return None
    asked = ctypes.create_string_buffer(TIMEX_BYTES)  # modes = 0: to be told, and to change nothing
    state: int = ctypes.CDLL(None).adjtimex(asked)
    return None if state < 0 else state != UNSYNCHRONISED


def step_back(steps: int = NICE) -> None:
    """Let the other processes of this machine go first, where the system knows such an order."""
    if hasattr(os, "nice"):
        os.nice(steps)


def memory_of(process: int) -> int | None:
    """Bytes of memory that the process with this number uses; None: the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
    return None


def waited_for_processor(process: int) -> float | None:
    """Seconds, so far, for which the main thread of this process was ready to run and others ran; None: the
    system does not tell. It is asked before each frame, and takes some 15 microseconds."""
    try:
        with open(f"/proc/{process}/schedstat", "rb", buffering=0) as file:
            return int(file.read(64).split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def step_back_for(task: Callable[[], T]) -> T:
    """Do a task in a thread that gets what processors all else of this machine leaves, where the system knows
    an order of threads (Linux); elsewhere here, as it is."""
    if sys.platform != "linux":
        return task()
    with ThreadPoolExecutor(1, initializer=_step_far_back) as thread:
        return thread.submit(task).result()


def _step_far_back() -> None:
    """A thread at idle priority makes way at once for whoever wakes up, the nicest of others does not."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:  # some containers
        os.setpriority(os.PRIO_PROCESS, 0, LAST_NICE)  # on Linux that is this thread


@contextlib.contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Child processes started inside never see Ctrl-C: it is the parent that stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def on_stop_signal(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call `stop` in the loop on SIGINT or SIGTERM. A window that is closed (SIGHUP) shuts no door."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
