"""Append-only files whose lines are on disk before `append` returns, and survive log rotation."""

import contextlib
import errno
import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from server.support import osdep

REWRITE_SECONDS = 10.0
"""copytruncate loses what is written between its copy and its truncation. Lines written so shortly before the
truncation are therefore written once more: a line may then stand in both files, but in neither it cannot."""


class DurableLog:
    """One log file. Not for several threads at once.

    Rotation by renaming is noticed because the path no longer leads to the open file; rotation by
    copytruncate because the file is shorter than it was.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, creating it and its folder where needed. Raises OSError."""
        self._path = path
        self._recent: deque[tuple[float, bytes]] = deque()
        self._lost = b""
        self._file = self._open()
        self._size = os.fstat(self._file.fileno()).st_size

    def append(self, lines: Sequence[str]) -> None:
        """Write the lines and wait until they are on disk. Raises OSError: they are not in the file.

        A line that a crash has torn is ended first, so that these start on a line of their own.
        """
        self._follow_rotation()
        data = b"".join(line.encode("utf-8", "backslashreplace") + b"\n" for line in lines)
        self._write(data if self._ends_a_line() else b"\n" + data)
        self._remember(data)

    def tail(self, size: int) -> bytes:
        """The last bytes of the file, at most `size`. Raises OSError."""
        self._follow_rotation()
        self._file.seek(max(0, self._file.seek(0, os.SEEK_END) - size))
        return self._file.read(size)

    def close(self) -> None:
        """Restore what a last truncation may have lost, and close. Raises OSError."""
        try:
            self._follow_rotation()
        finally:
            self._file.close()

    def _open(self) -> IO[bytes]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # a+b: append-only writes (O_APPEND), and the last byte can be read back
        file = open(self._path, "a+b", buffering=0, opener=osdep.private_opener)  # noqa: SIM115
        osdep.flush_folder_to_disk(str(self._path.parent))
        return file

    def _write(self, data: bytes) -> None:
        here = os.fstat(self._file.fileno())
        self._notice_truncation(here)
        before = here.st_size
        try:
            written = self._file.write(data)
            if written != len(data):
                raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes fit", str(self._path))
            osdep.flush_to_disk(self._file)
        except OSError:
            with contextlib.suppress(OSError):  # what is not durable must not look as if it were
                self._file.truncate(before)
            raise
        self._size = before + len(data)

    def _ends_a_line(self) -> bool:
        end = self._file.seek(0, os.SEEK_END)
        if end == 0:
            return True
        self._file.seek(end - 1)
        return self._file.read(1) == b"\n"

    def _remember(self, data: bytes) -> None:
        now = time.time()
        self._recent.append((now, data))
        while self._recent[0][0] < now - REWRITE_SECONDS:
            self._recent.popleft()

    def _follow_rotation(self) -> None:
        here = os.fstat(self._file.fileno())
        if not self._is_at_path(here):
            reopened = self._open()  # where this fails, the next append tries again
            self._file.close()
            self._file = reopened
            self._size = os.fstat(self._file.fileno()).st_size
            self._recent.clear()
        else:
            self._notice_truncation(here)
        if self._lost:
            lost, self._lost = self._lost, b""
            try:
                self._write(lost)
            except OSError:
                self._lost = lost + self._lost
                raise

    def _notice_truncation(self, here: os.stat_result) -> None:
        if here.st_size < self._size:
            since = here.st_mtime - REWRITE_SECONDS
            self._lost += b"".join(data for at, data in self._recent if at >= since)
            self._recent.clear()
            self._size = here.st_size

    def _is_at_path(self, here: os.stat_result) -> bool:
        with contextlib.suppress(FileNotFoundError):
            there = os.stat(self._path)
            return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
        return False
