"""Gives lines of a log another content: a crash leaves the old file or the new one, and nothing that is
appended meanwhile is lost."""

import contextlib
import gzip
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias, cast

from server.audit.log_files import BROKEN, GZIP, LINE_BYTES, rotations_of, why
from server.support import osdep

Change: TypeAlias = Callable[[bytes], bytes]
"""From a line without its end to what is to stand there; mostly the same."""
_UNFINISHED = re.compile(r"\.[a-z]+_log.*\.\w{8}\.tmp")


@dataclass
class Rewritten:
    """How many `lines` are others now, and which logs could not be rewritten: `problems`."""

    lines: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Rewritten") -> None:
        self.lines += other.lines
        self.problems += other.problems

    def fails(self, path: Path, error: BaseException) -> None:
        """`error`: of `log_files.BROKEN`."""
        self.problems.append(f"{path} cannot be rewritten: {why(error)}")


def rewrite(path: Path, change: Change) -> int:
    """A log that nobody appends to, compressed by gzip or not; returns how many lines are others now. Raises
    `log_files.BROKEN`: nothing has changed."""
    with contextlib.closing(Rewriting(path, change)) as rewriting:
        rewriting.follow()
        return rewriting.finish()


def rewrite_each(paths: Iterable[Path], change: Change) -> Rewritten:
    """The same of several: one that cannot be rewritten keeps no other from it."""
    done = Rewritten()
    for path in paths:
        try:
            done.lines += rewrite(path, change)
        except BROKEN as error:
            done.fails(path, error)
    return done


def rewrite_rotations(folder: Path, name: str, change: Change) -> Rewritten:
    """The same of all that rotations have made of a log, but not of the log itself. Raises OSError."""
    return rewrite_each((path for path in rotations_of(folder, Path(name).stem) if path.name != name), change)


def remove_unfinished(folder: Path) -> None:
    """What a process that was killed has left in the logs folder, which nobody else rewrites now. Raises
    OSError: the folder cannot be read; a file that cannot be removed stays."""
    for path in folder.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


class Rewriting:
    """One log, in two steps: `follow` while others append to it, `finish` while they wait."""

    def __init__(self, path: Path, change: Change) -> None:
        """Raises OSError: among others, a symbolic link is in its place."""
        self._path = path
        self._change = change
        self._changed = 0
        with contextlib.ExitStack() as stack:
            self._old: IO[bytes] = stack.enter_context(open(path, "rb", opener=_not_through_a_link))
            self._status = os.fstat(self._old.fileno())
            packed = self._old.read(2) == GZIP
            self._old.seek(0)
            descriptor, self._aside = tempfile.mkstemp(
                dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
            )
            stack.callback(self._remove)
            self._new: IO[bytes] = stack.enter_context(open(descriptor, "wb"))
            self._from, self._to = self._old, self._new
            if packed:
                self._from = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=self._old)))
                packer = gzip.GzipFile("", "wb", fileobj=self._new, mtime=0)
                self._to = cast(IO[bytes], stack.enter_context(packer))
            self._held = stack.pop_all()

    def follow(self) -> None:
        """All whole lines that are there by now. Raises `log_files.BROKEN`."""
        while line := self._from.readline(LINE_BYTES):
            if not line.endswith(b"\n") and len(line) < LINE_BYTES:  # it may be being written
                self._from.seek(-len(line), os.SEEK_CUR)
                return
            self._take(line)

    def finish(self) -> int:
        """The rest, then put the new file in the old one's place, unless it is the same; returns how many
        lines are others. Raises `log_files.BROKEN`, FileNotFoundError: a rotation came between."""
        if not self._is_there():
            raise FileNotFoundError(f"{self._path} was rotated meanwhile")
        self.follow()
        if rest := self._from.read():
            self._take(rest)
        if not self._changed:
            return 0
        if self._to is not self._new:
            self._to.close()
        self._new.flush()
        if hasattr(os, "fchmod"):
            os.fchmod(self._new.fileno(), self._status.st_mode & 0o640)
            self._keep_owner()
        osdep.flush_to_disk(self._new)
        os.utime(self._aside, ns=(self._status.st_atime_ns, self._status.st_mtime_ns))
        os.replace(self._aside, self._path)
        osdep.flush_folder_to_disk(str(self._path.parent))
        return self._changed

    def close(self) -> None:
        self._held.close()

    def _is_there(self) -> bool:
        """And has not become shorter."""
        now = os.lstat(self._path)
        return os.path.samestat(now, self._status) and now.st_size >= self._old.tell()

    def _take(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n")
        new = self._change(text)
        self._changed += new != text
        self._to.write(new + line[len(text) :])

    def _keep_owner(self) -> None:
        """Where root rewrites what the server has written."""
        own = os.fstat(self._new.fileno())
        if (own.st_uid, own.st_gid) != (self._status.st_uid, self._status.st_gid):
            os.fchown(self._new.fileno(), self._status.st_uid, self._status.st_gid)

    def _remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._aside)


def _not_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
