"""Files that only the server's own user may read: biometric data, and what names people."""

import os
from pathlib import Path
from typing import IO

from server.support import osdep

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_private(path: Path, mode: str) -> IO[bytes]:
    """`open(path, mode)`, unbuffered, for its owner alone; a symbolic link in its place is not followed.

    `mode`: a binary one. Raises OSError.
    """
    return open(path, mode, buffering=0, opener=_private)


def make_private(path: Path) -> None:
    """See that the file exists and is its owner's alone, for a library that opens it by its name.

    Raises OSError: among others, a symbolic link is in its place.
    """
    with open_private(path, "ab") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)


def private_folder(path: Path) -> None:
    """Make it where it is missing; only its owner may look in. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def replace_private(path: Path, data: bytes) -> None:
    """Return when the data is on the disk; what was there before stays until then. Raises OSError."""
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.unlink(missing_ok=True)  # of a server that was killed while writing
    with open_private(unfinished, "xb") as file:
        file.write(data)
        osdep.flush_to_disk(file)
    os.replace(unfinished, path)
    osdep.flush_folder_to_disk(str(path.parent))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_LINK, 0o600)
