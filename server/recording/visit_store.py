"""Every visit that is over, kept for `python -m server grid`. Statistics: no door waits for them."""

import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from server.events import Event, VisitOver
from server.recording.visits import StoredVisit, forget, insert, prepare
from server.support.complaint import Complaint
from server.support.private_files import make_private

log = logging.getLogger(__name__)

KEEP_DAYS = 90
CLEAN_SECONDS = 3600.0
MAX_WAITING = 1000
"""Visits that wait while the file cannot be written; the oldest are lost first."""
LOCK_SECONDS = 1.0
"""How long to wait for another program that has the file."""


class VisitStore:
    """An event sink. A file that cannot be written is tried again after the next visit; a damaged one is set
    aside as `*.damaged`."""

    name = "visits"
    wants = (VisitOver,)

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """`path`: made where it is missing, private. `clock`: seconds since 1970. Never raises: without the
        file there are no statistics."""
        self._path = path
        self._clock = clock
        self._complaint = Complaint(log)
        self._database: sqlite3.Connection | None = None
        self._waiting: deque[StoredVisit] = deque(maxlen=MAX_WAITING)
        self._cleaned = 0.0
        self._write()

    def take(self, event: Event) -> None:
        """Write the visit down, and all that could not be written before."""
        if isinstance(event, VisitOver):
            self._waiting.append(StoredVisit.of(event.terminal, event.moment, event.summary))
            self._write()

    def missed(self) -> None:
        """Statistics bear a gap."""

    def close(self) -> None:
        """Try once more to write what waits."""
        if self._waiting:
            self._write()
        self._disconnect()

    def _write(self) -> None:
        try:
            if self._database is None:
                self._database = _opened(self._path)
            insert(self._database, self._waiting)
            self._waiting.clear()
            self._clean(self._database)
            self._complaint.mended()
        except (OSError, sqlite3.Error) as error:
            self._disconnect()
            self._complaint.tell("visits are missing from %s: %s", self._path, error)

    def _clean(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        if abs(now - self._cleaned) >= CLEAN_SECONDS:
            forget(database, now - timedelta(days=KEEP_DAYS).total_seconds())
            self._cleaned = now

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None


def _opened(path: Path) -> sqlite3.Connection:
    """The file, or a new one in place of a damaged one. Raises OSError, sqlite3.Error."""
    try:
        return _connected(path)
    except sqlite3.OperationalError:  # locked, read-only, no space: not damaged
        raise
    except sqlite3.DatabaseError as error:
        aside = _set_aside(path)
        log.error("%s is damaged (%s): set aside as %s and begun anew", path, error, aside.name)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError("something that is no file is in its place")
    make_private(path)
    database = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        prepare(database)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> Path:
    """Returns where it is then. Raises OSError."""
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    for suffix in ("-journal", "-wal", "-shm"):  # of the damaged file: nothing to do with the next one
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside
