"""Which worker uses ever more memory."""

from server.support import osdep

LEAKED_BYTES = 768 << 20
"""A worker that has grown by more since it was loaded leaks. Measured: it grows by 65 MB for frames as
shipped, by 340 MB for such of 63 megapixels."""
TASKS_BETWEEN_LOOKS = 32


class Leaks:
    """Remembers what each process used when it was loaded; the system may not tell (then none leaks)."""

    def __init__(self) -> None:
        self._loaded: dict[int, int] = {}
        self._tasks: dict[int, int] = {}

    def loaded(self, pid: int) -> None:
        self._loaded[pid] = osdep.memory_of(pid) or 0
        self._tasks[pid] = 0

    def gone(self, pid: int) -> None:
        self._loaded.pop(pid, None)
        self._tasks.pop(pid, None)

    def grown(self, pid: int) -> int | None:
        """To be asked after each task: by how many bytes, if it leaks; it is looked at now and then."""
        if pid not in self._tasks:
            return None
        self._tasks[pid] += 1
        if self._tasks[pid] % TASKS_BETWEEN_LOOKS:
            return None
        grown = (osdep.memory_of(pid) or 0) - self._loaded[pid]
        return grown if grown > LEAKED_BYTES else None
