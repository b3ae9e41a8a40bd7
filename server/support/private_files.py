"""Files that only the server's own user may read: biometric data, and what names people."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from server.support import osdep

OWNER_ONLY = 0o600


def open_private(path: Path, mode: str) -> IO[bytes]:
    """`open(path, mode)`, unbuffered, for its owner alone: a file that others may read is closed to them
    before it is written to, and a symbolic link in its place is not followed.

    `mode`: a binary one. A write may be partial, as the operating system's own are: see `write_whole`.
    Raises OSError.
    """
    return open(path, mode, buffering=0, opener=_private)


def write_whole(file: IO[bytes], data: bytes) -> None:
    """Write all of the data to an unbuffered file. Raises OSError: part of it may have been written."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def make_private(path: Path) -> None:
    """See that the file exists and is its owner's alone, for a library that opens it by its name.

    Raises OSError: among others, a symbolic link is in its place.
    """
    open_private(path, "ab").close()


def private_folder(path: Path) -> None:
    """Make it where it is missing; only its owner may look in. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def replace_private(path: Path, data: bytes, mode: int = OWNER_ONLY) -> None:
    """Return when the data is on the disk; what was there before, even a symbolic link, stays until then and
    is gone afterwards. Of several writers the last one wins. `mode`: for a file that others have to read.
    Raises OSError: nothing has changed."""
    with replacing_private(path, mode) as file:
        write_whole(file, data)


@contextlib.contextmanager
def replacing_private(path: Path, mode: int = OWNER_ONLY) -> Iterator[IO[bytes]]:
    """The same for what is written piece by piece inside; what is raised there changes nothing. Raises
    OSError."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp")
    try:
        with open(descriptor, "wb", buffering=0) as file:
            yield file
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, stat.S_IMODE(mode))
            osdep.flush_to_disk(file)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    osdep.flush_folder_to_disk(str(path.parent))


def _private(path: str, flags: int) -> int:
    no_link = getattr(os, "O_NOFOLLOW", None)
    if no_link is None and os.path.islink(path):  # Windows
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    descriptor = os.open(path, flags | (no_link or 0), OWNER_ONLY)
    try:
        if flags & (os.O_WRONLY | os.O_RDWR):
            _tighten(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _tighten(descriptor: int) -> None:
    if hasattr(os, "fchmod") and stat.S_IMODE(os.fstat(descriptor).st_mode) & ~OWNER_ONLY:
        os.fchmod(descriptor, OWNER_ONLY)
