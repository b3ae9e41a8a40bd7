"""Who may read and change a file, and the command that mends it. POSIX only: elsewhere all is well."""

import os
import shlex
import stat
import sys
from pathlib import Path

if sys.platform != "win32":
    import pwd

READ, WRITE, ENTER = os.R_OK, os.W_OK, os.X_OK


def open_to_others(path: Path, *, readable: bool = True) -> str:
    """The command that keeps others from changing the file and, if `readable` matters, from reading it; empty
    where they cannot, or where there is no such file.

    Where somebody else owns the file its group is how we come to read it, and stays.
    """
    if sys.platform == "win32":
        return ""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    bits = stat.S_IROTH | stat.S_IWOTH if readable else stat.S_IWOTH
    own = status.st_uid == os.geteuid()
    if readable and own:
        bits |= stat.S_IRGRP | stat.S_IWGRP
    if not status.st_mode & bits:
        return ""
    change = ("go-rwx" if own else "o-rwx") if readable else "o-w"
    return f"chmod {change} {shlex.quote(os.path.abspath(path))}"


def open_to_everybody(path: Path) -> str:
    """The command that keeps everybody on this machine from reading or changing the file; empty where they
    cannot."""
    if sys.platform == "win32" or not path.exists() or not reached_by_others(path):
        return ""
    if not os.stat(path).st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return ""
    return f"chmod go-rwx {shlex.quote(os.path.abspath(path))}"


def folder_open_to_others(path: Path, *, readable: bool = True) -> str:
    """The same of a folder: others of this machine, and a group that is not this process's own, cannot change
    what is in it, nor, if `readable` matters, may others look into it. Empty as well where a folder above
    keeps others out."""
    if sys.platform == "win32" or not path.is_dir() or not reached_by_others(path):
        return ""
    status = os.stat(path)
    if readable and status.st_mode & (stat.S_IROTH | stat.S_IXOTH):
        change = "o-rwx"
    elif status.st_mode & stat.S_IWOTH:
        change = "o-w"
    else:
        change = ""
    if status.st_mode & stat.S_IWGRP and status.st_gid not in (os.getegid(), 0):
        change = f"{change},g-w".lstrip(",")
    return f"chmod {change} {shlex.quote(os.path.abspath(path))}" if change else ""


def reached_by_others(path: Path) -> bool:
    """Whether every folder above lets everybody of this machine through."""
    try:
        return all(os.stat(folder).st_mode & stat.S_IXOTH for folder in Path(os.path.realpath(path)).parents)
    except OSError:
        return False


def barred(path: Path, mode: int) -> str:
    """Why this process may not use the path as `mode` (`READ`, `WRITE`, `ENTER`) asks, and what to do; empty:
    it may. The path exists."""
    if sys.platform == "win32" or os.access(path, mode, effective_ids=os.access in os.supports_effective_ids):
        return ""
    if mode & WRITE and os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{path} is on a read-only file system"
    owner, user = os.stat(path).st_uid, os.geteuid()
    place = shlex.quote(os.path.abspath(path))
    if owner != user:
        cure = f"sudo chown {shlex.quote(_name(user))} {place}"
        return f"{path} belongs to {_name(owner)}, and the server runs as {_name(user)}: {cure}"
    letters = "".join(letter for letter, bit in zip("rwx", (READ, WRITE, ENTER), strict=True) if mode & bit)
    return f"{path} denies its owner: chmod u+{letters} {place}"


def _name(user: int) -> str:
    if sys.platform == "win32":
        return str(user)
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
