"""Every visit that is over, in logs/visits.sqlite3: how near it came to whom, for the threshold grid."""

import logging
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from server.access.visit import VisitSummary

log = logging.getLogger(__name__)

FILE = "visits.sqlite3"
KEEP_DAYS = 90
MAX_WAITING = 1000
"""Batches that may wait for the disk."""
CLEAN_SECONDS = 3600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS visit (
    moment REAL NOT NULL, terminal TEXT NOT NULL, decision TEXT, verdict TEXT, reason TEXT, name TEXT,
    threshold REAL, candidate TEXT, distance REAL, runner_up REAL,
    people INTEGER NOT NULL, photos INTEGER NOT NULL,
    looks INTEGER NOT NULL, seconds REAL NOT NULL, liveness TEXT NOT NULL
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS visit_moment ON visit (moment)"
_COLUMNS = (
    "moment, terminal, decision, verdict, reason, name, threshold, candidate, distance, runner_up, people,"
    " photos, looks, seconds, liveness"
)


@dataclass(frozen=True)
class StoredVisit:
    """One visit. `moment`: when it was over, seconds since 1970. `decision`, `verdict`, `reason`, `name`,
    `threshold`: of its last decision, None without one. The rest as in `server.access.visit.VisitSummary`."""

    moment: float
    terminal: str
    decision: str | None
    verdict: str | None
    reason: str | None
    name: str | None
    threshold: float | None
    candidate: str | None
    distance: float | None
    runner_up: float | None
    people: int
    photos: int
    looks: int
    seconds: float
    liveness: str

    @classmethod
    def of(cls, terminal: str, moment: datetime, account: VisitSummary) -> "StoredVisit":
        decision = account.decision
        return cls(
            moment.timestamp(),
            terminal,
            decision.id if decision else None,
            decision.verdict.value if decision else None,
            decision.reason.value if decision else None,
            decision.name if decision else None,
            decision.threshold if decision else None,
            account.candidate,
            account.distance,
            account.runner_up,
            account.people,
            account.photos,
            account.looks,
            account.seconds,
            account.liveness.value,
        )


class VisitStore:
    """Writes visits down beside the work on frames. What cannot be written is lost, and the door goes on."""

    def __init__(self, path: Path) -> None:
        """Made where it is missing, private. Raises OSError, sqlite3.Error."""
        self._path = path
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._database = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            self._database.execute("PRAGMA secure_delete=ON")
            self._database.execute(_SCHEMA)
            self._database.execute(_INDEX)
        except sqlite3.Error:
            self._database.close()
            raise
        self._queue: queue.Queue[list[StoredVisit] | None] = queue.Queue(MAX_WAITING)
        self._complained = False
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def add(self, terminal: str, moment: datetime, accounts: Sequence[VisitSummary]) -> None:
        """Visits at this terminal that are over at `moment`, the wall clock. Never waits for the disk."""
        if accounts:
            try:
                self._queue.put_nowait([StoredVisit.of(terminal, moment, account) for account in accounts])
            except queue.Full:
                self._complain("the disk is too slow")

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _work(self) -> None:
        cleaned = -math.inf
        while True:
            if time.monotonic() - cleaned >= CLEAN_SECONDS:
                cleaned = time.monotonic()
                self._forget()
            try:
                rows = self._queue.get(timeout=CLEAN_SECONDS)
            except queue.Empty:
                continue
            if rows is None:
                return
            self._write(rows)

    def _write(self, rows: Sequence[StoredVisit]) -> None:
        marks = ", ".join("?" * len(_COLUMNS.split(",")))
        try:
            self._database.executemany(
                f"INSERT INTO visit ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
                [astuple(row) for row in rows],
            )
            self._complained = False
        except sqlite3.Error as error:
            self._complain(str(error))

    def _forget(self) -> None:
        try:
            oldest = (datetime.now() - timedelta(days=KEEP_DAYS)).timestamp()
            self._database.execute("DELETE FROM visit WHERE moment < ?", (oldest,))
        except sqlite3.Error as error:
            self._complain(str(error))

    def _complain(self, why: str) -> None:
        if not self._complained:
            log.error("visits are missing from %s: %s", self._path, why)
        self._complained = True


def read(path: Path, since: datetime | None = None, terminal: str | None = None) -> list[StoredVisit]:
    """The visits since then, at that terminal, oldest first; no file, no visits. Raises sqlite3.Error."""
    if not path.exists():
        return []
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", timeout=10, uri=True)
    try:
        rows = database.execute(
            f"SELECT {_COLUMNS} FROM visit"  # noqa: S608
            " WHERE moment >= ? AND terminal = ifnull(?, terminal) ORDER BY moment",
            (since.timestamp() if since else 0.0, terminal),
        )
        return [StoredVisit(*row) for row in rows]
    finally:
        database.close()
