"""Puts whole files in their places: nobody ever sees half of one, and none is put over another by mistake."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from server.support import osdep
from server.support.private_files import write_whole

UNFINISHED = ".doorward-"
"""How files that are not in their place yet begin; whoever looks into faces/ ignores them."""


def write_aside(folder: Path, data: bytes) -> Path:
    """A new private file in `folder`, on the disk when this returns. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=UNFINISHED, suffix=".tmp")
    try:
        with open(descriptor, "wb", buffering=0) as file:
            write_whole(file, data)
            osdep.flush_to_disk(file)
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def put(source: Path, target: Path) -> None:
    """Move a file, or a symbolic link itself, to where there is nothing. Raises FileExistsError: there is
    something; OSError."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        os.replace(source, target)
    except BaseException:
        os.unlink(target)
        raise
    osdep.flush_folder_to_disk(str(target.parent))


def remove_placeholder(target: Path) -> None:
    """Remove what `put` leaves in a target when the program is killed in it. Raises OSError."""
    if target.exists() and stat.S_ISREG(target.lstat().st_mode) and target.lstat().st_size == 0:
        target.unlink()


def put_over(source: Path, target: Path) -> None:
    """Put a file in the place of another one, with that one's mode and owner. Raises OSError: nothing has
    changed; PermissionError: among others, the owner cannot be kept."""
    status = os.stat(target)
    os.chmod(source, stat.S_IMODE(status.st_mode))
    own = os.stat(source)
    if hasattr(os, "chown") and (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        os.chown(source, status.st_uid, status.st_gid)
    os.replace(source, target)
    osdep.flush_folder_to_disk(str(target.parent))


def clean(folder: Path) -> None:
    """Remove what a crash has left unfinished in a folder and those in it. For a start, when nobody writes.
    Raises OSError."""
    for pattern in (f"{UNFINISHED}*.tmp", f"*/{UNFINISHED}*.tmp"):
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
