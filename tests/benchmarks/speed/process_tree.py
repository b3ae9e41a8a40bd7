"""What a process and all its descendants have used, as Linux accounts for it."""

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_KIB = 1024


@dataclass(frozen=True)
class CpuTime:
    """Seconds of CPU, user and system, of a process (`parent`) and of its descendants (`workers`)."""

    parent: float
    workers: float

    @property
    def total(self) -> float:
        return self.parent + self.workers

    def __sub__(self, earlier: "CpuTime") -> "CpuTime":
        return CpuTime(self.parent - earlier.parent, self.workers - earlier.workers)


@dataclass(frozen=True)
class Memory:
    """Bytes of a process and its descendants; `rss` counts shared pages in each of them, `pss` once."""

    rss: int
    pss: int


def cpu_time(pid: int) -> CpuTime:
    """CPU used so far. Processes that have ended, and were descendants, no longer count."""
    descendants = (_cpu_seconds(child) for child in tree(pid) if child != pid)
    return CpuTime(_cpu_seconds(pid), sum(descendants))


def memory(pid: int) -> Memory:
    """Memory in use now."""
    used = [_rollup(member) for member in tree(pid)]
    return Memory(sum(each.get("Rss", 0) for each in used), sum(each.get("Pss", 0) for each in used))


def tree(pid: int) -> Iterator[int]:
    """The process and its descendants."""
    yield pid
    for task in _listed(PROC / str(pid) / "task"):
        for child in _text(task / "children").split():
            yield from tree(int(child))


def _cpu_seconds(pid: int) -> float:
    """To the nanosecond, where /proc/PID/stat counts in hundredths of a second. 0: it is gone."""
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        return 0.0
    try:
        return time.clock_gettime(clock.value)
    except OSError:
        return 0.0


def _rollup(pid: int) -> dict[str, int]:
    sizes = {}
    for line in _text(PROC / str(pid) / "smaps_rollup").splitlines()[1:]:
        name, value = line.split(":")
        sizes[name] = int(value.split()[0]) * _KIB
    return sizes


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # it has ended meanwhile
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
