"""A logs folder is used by one server at a time, or by a command that needs it alone."""

import contextlib
import os
from pathlib import Path

from server.support import osdep
from server.support.private_files import open_private

FILE = ".lock"
"""In the logs folder; what it holds does not matter."""


class InUseError(Exception):
    """Somebody else uses the folder."""


class FolderLock:
    """Held until it is closed, or the process ends. Deleting the file lets in nobody: the folder itself is
    locked as well, where the system can."""

    def __init__(self, folder: Path) -> None:
        """Raises InUseError; OSError: among others, a symbolic link is in the file's place."""
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open_private(folder / FILE, "ab"))
            if not osdep.lock_for_ever(file.fileno()):
                raise InUseError
            if os.name == "posix":
                descriptor = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, descriptor)
                if not osdep.lock_for_ever(descriptor):
                    raise InUseError
            self._held = stack.pop_all()

    def close(self) -> None:
        self._held.close()


def holder_of(folder: Path) -> int | None:
    """The number of the process that holds a folder's lock; None: nobody does, or the system does not tell.
    Takes nothing, so that a server may start meanwhile."""
    try:
        here = os.stat(folder)
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    place = f"{os.major(here.st_dev):02x}:{os.minor(here.st_dev):02x}:{here.st_ino}"
    held = (line.split() for line in locks if " FLOCK " in line and "->" not in line)
    return next((int(fields[4]) for fields in held if fields[5] == place), None)
