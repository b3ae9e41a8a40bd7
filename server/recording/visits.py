"""What is kept of a visit that is over, and the SQLite table it is kept in: for the threshold grid."""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path

import msgspec

from server.access.matching.recogniser import DLIB
from server.access.outcome import VisitSummary

FILE = "visits.sqlite3"
"""In the logs folder."""
LATEST = 253402300799.0
"""The end of the year 9999: what is later is no time."""
_TABLE = """
CREATE TABLE visit (
    moment REAL NOT NULL, terminal TEXT NOT NULL, decision TEXT, verdict TEXT, reason TEXT, name TEXT,
    threshold REAL, candidate TEXT, distance REAL, runner_up REAL,
    people INTEGER NOT NULL, photos INTEGER NOT NULL,
    looks INTEGER NOT NULL, seconds REAL NOT NULL, liveness TEXT NOT NULL,
    recogniser TEXT NOT NULL
)
"""
_OLD_TABLE_GROWS = f"ALTER TABLE visit ADD COLUMN recogniser TEXT NOT NULL DEFAULT '{DLIB.name}'"
"""There was only one at first."""
_INDEX = "CREATE INDEX IF NOT EXISTS visit_moment ON visit (moment)"


@dataclass(frozen=True)
class StoredVisit:
    """One visit. `moment`: when it was over, seconds since 1970. `decision`, `verdict`, `reason`, `name`,
    `threshold`: of its last decision, None without one. The rest as in `server.access.outcome.VisitSummary`;
    a table of before there were several recognisers has no `recogniser`."""

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
    recogniser: str = DLIB.name

    @classmethod
    def of(cls, terminal: str, moment: datetime, summary: VisitSummary) -> "StoredVisit":
        """`moment`: the wall clock without a time zone."""
        decision = summary.decision
        return cls(
            moment=moment.timestamp(),
            terminal=terminal,
            decision=decision.id if decision else None,
            verdict=decision.verdict.value if decision else None,
            reason=decision.reason.value if decision else None,
            name=decision.name if decision else None,
            threshold=decision.threshold if decision else None,
            candidate=summary.candidate,
            distance=summary.distance,
            runner_up=summary.runner_up,
            people=summary.people,
            photos=summary.photos,
            looks=summary.looks,
            seconds=summary.seconds,
            liveness=summary.liveness.value,
            recogniser=summary.recogniser,
        )


_COLUMNS = tuple(field.name for field in fields(StoredVisit))
_NAMES = ", ".join(_COLUMNS)
_OLD_COLUMNS = _COLUMNS[:-1]


def prepare(database: sqlite3.Connection) -> None:
    """Make the table in an empty file; check every page of another one: 0.1 s for 100,000 visits.

    Raises sqlite3.OperationalError: the file cannot be used now; sqlite3.DatabaseError: it is damaged, or not
    ours.
    """
    database.text_factory = _text
    database.execute("PRAGMA secure_delete=ON")
    columns = _columns(database)
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        database.execute(_TABLE)
    elif columns == _OLD_COLUMNS:
        database.execute(_OLD_TABLE_GROWS)
    elif columns != _COLUMNS:
        raise sqlite3.DatabaseError("the tables of another program or version")
    (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(" ".join(str(verdict).split()))
    database.execute(_INDEX)


def insert(database: sqlite3.Connection, visits: Sequence[StoredVisit]) -> None:
    """All or none. Raises sqlite3.Error."""
    marks = ", ".join("?" * len(_COLUMNS))
    with database:
        database.execute("BEGIN")
        database.executemany(
            f"INSERT INTO visit ({_NAMES}) VALUES ({marks})",  # noqa: S608
            [astuple(visit) for visit in visits],
        )


def forget(database: sqlite3.Connection, before: float) -> None:
    """Delete the visits that were over before then, seconds since 1970. Raises sqlite3.Error."""
    database.execute("DELETE FROM visit WHERE moment < ?", (before,))


def read(
    path: Path, since: datetime | None = None, terminal: str | None = None
) -> tuple[list[StoredVisit], int]:
    """The visits since then, at that terminal, oldest first, and how many more are damaged. No file, no
    visits. Raises sqlite3.Error: as `prepare`."""
    if not path.exists():
        return [], 0
    if not path.is_file():
        raise sqlite3.OperationalError("it is no file")
    address = f"{path.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, timeout=10, uri=True)) as database:
        database.text_factory = _text
        known = _columns(database) or _COLUMNS
        rows = database.execute(
            f"SELECT {', '.join(known)} FROM visit"  # noqa: S608
            " WHERE moment BETWEEN ? AND ? AND terminal = ifnull(?, terminal) ORDER BY moment",
            (since.timestamp() if since else 0.0, LATEST, terminal),
        )
        found = [_visit(known, row) for row in rows]
    visits = [visit for visit in found if visit is not None]
    return visits, len(found) - len(visits)


def _columns(database: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(name for _, name, *_ in database.execute("PRAGMA table_info(visit)"))


def _text(data: bytes) -> str | bytes:
    """Damaged text stays bytes, which no column holds."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _visit(columns: Sequence[str], row: tuple[object, ...]) -> StoredVisit | None:
    """None: the row is damaged."""
    try:
        return msgspec.convert(dict(zip(columns, row, strict=True)), StoredVisit)
    except msgspec.ValidationError:
        return None
