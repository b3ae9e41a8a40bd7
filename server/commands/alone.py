"""For commands that change what a running server has open."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from server.audit.folder_lock import FolderLock, InUseError
from server.support.errors import StartError


@contextlib.contextmanager
def alone(logs: Path, instead: str = "stop it first") -> Iterator[None]:
    """While no server uses the logs folder. `instead`: what to do when one does. Raises StartError: one does,
    or the folder cannot be used."""
    try:
        lock = FolderLock(logs)
    except InUseError:
        raise StartError(f"a server is using the folder {logs}: {instead}") from None
    except OSError as error:
        raise StartError(f"logs: cannot use {logs}: {error}") from error
    with contextlib.closing(lock):
        yield
