"""The few calls that differ between operating systems, each with a fallback."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import IO

if os.name == "posix":
    import fcntl


def flush_to_disk(file: IO[bytes]) -> None:
    """Return when the file's content is on the disk itself, not only in the kernel's cache."""
    file.flush()
    full_sync = getattr(fcntl, "F_FULLFSYNC", None) if os.name == "posix" else None
    if full_sync is not None:  # macOS: fsync alone leaves the data in the drive's cache
        fcntl.fcntl(file.fileno(), full_sync)
    else:
        os.fsync(file.fileno())


def flush_folder_to_disk(folder: str) -> None:
    """Make a new file's name durable. Windows has no such call and keeps names durable by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def not_waiting_opener(path: str, flags: int) -> int:
    """An opener for `open()`: a FIFO put in the file's place cannot block the caller."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def private_opener(path: str, flags: int) -> int:
    """An opener for `open()`: the file is readable by its owner and group only."""
    return os.open(path, flags, 0o640)


def kill_process(pid: int) -> None:
    """End a process of ours at once; one that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


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
    """Call `stop` in the loop on SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
