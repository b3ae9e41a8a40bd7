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
