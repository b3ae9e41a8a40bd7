"""The table of visits that are over: written, found again, and checked."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.recording.visits import StoredVisit, forget, insert, prepare, read
from tests.support.summaries import UNDECIDED, summary
from wire.reasons import Reason

NOW = datetime.now()
FIRST = StoredVisit.of("front", NOW, summary(0.2))
SECOND = StoredVisit.of("front", NOW, UNDECIDED)
OLD = StoredVisit.of("back", NOW - timedelta(days=1), summary(0.4, Reason.UNKNOWN_FACE))
LAYOUT = """
CREATE TABLE visit (
    moment REAL NOT NULL, terminal TEXT NOT NULL, decision TEXT, verdict TEXT, reason TEXT, name TEXT,
    threshold REAL, candidate TEXT, distance REAL, runner_up REAL,
    people INTEGER NOT NULL, photos INTEGER NOT NULL,
    looks INTEGER NOT NULL, seconds REAL NOT NULL, liveness TEXT NOT NULL,
    recogniser TEXT NOT NULL
)
"""
"""As servers before this one made it."""
FIRST_LAYOUT = LAYOUT.replace(
    "liveness TEXT NOT NULL,\n    recogniser TEXT NOT NULL", "liveness TEXT NOT NULL"
)
"""As it was when there was one recogniser."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "visits.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database


def test_a_visit_is_kept_with_its_decision_and_how_near_it_came() -> None:
    assert (
        StoredVisit(
            moment=NOW.timestamp(),
            terminal="front",
            decision="id",
            verdict="granted",
            reason="recognised",
            name="Ada",
            threshold=0.3,
            candidate="Ada",
            distance=0.2,
            runner_up=0.9,
            people=3,
            photos=2,
            looks=5,
            seconds=1.5,
            liveness="live",
            recogniser="dlib",
        )
        == FIRST
    )
    assert (SECOND.decision, SECOND.verdict, SECOND.candidate, SECOND.liveness) == (None, None, None, "off")
    assert (OLD.terminal, OLD.reason, OLD.name) == ("back", "unknown_face", None)


def test_visits_come_back_as_they_were_by_time_and_terminal(path: Path, database: sqlite3.Connection) -> None:
    prepare(database)
    insert(database, [FIRST, SECOND, OLD])
    assert read(path) == ([OLD, FIRST, SECOND], 0)
    assert read(path, NOW - timedelta(hours=1)) == ([FIRST, SECOND], 0)
    assert read(path, None, "back") == ([OLD], 0)
    assert read(path, NOW - timedelta(hours=1), "back") == ([], 0)
    forget(database, NOW.timestamp())
    assert read(path) == ([FIRST, SECOND], 0)


def test_a_missing_file_holds_no_visits_and_stays_missing(path: Path) -> None:
    assert read(path) == ([], 0) and not path.exists()


def test_visits_of_before_there_were_several_recognisers_are_those_of_dlib(
    path: Path, database: sqlite3.Connection
) -> None:
    database.execute(FIRST_LAYOUT)
    names = [name for name in vars(OLD) if name != "recogniser"]
    marks = ", ".join(f":{name}" for name in names)
    database.execute(f"INSERT INTO visit ({', '.join(names)}) VALUES ({marks})", vars(OLD))
    assert read(path) == ([OLD], 0) and OLD.recogniser == "dlib"
    prepare(database)
    insert(database, [replace(FIRST, recogniser="sface")])
    assert read(path) == ([OLD, replace(FIRST, recogniser="sface")], 0)


def test_what_a_server_before_this_one_kept_is_read_and_gone_on_with(
    path: Path, database: sqlite3.Connection
) -> None:
    database.execute(LAYOUT)
    database.execute("CREATE INDEX visit_moment ON visit (moment)")
    insert(database, [OLD])
    prepare(database)
    insert(database, [FIRST])
    assert read(path) == ([OLD, FIRST], 0)


def test_the_layout_is_the_one_that_other_versions_know(path: Path, database: sqlite3.Connection) -> None:
    prepare(database)
    (made,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'visit'").fetchone()
    assert made.split() == LAYOUT.split()


def test_several_visits_are_written_all_or_none(path: Path, database: sqlite3.Connection) -> None:
    prepare(database)
    broken = StoredVisit.of("front", NOW, summary(0.2, candidate=object()))  # type: ignore[arg-type]
    with pytest.raises(sqlite3.Error):
        insert(database, [FIRST, broken])
    assert read(path) == ([], 0)
    insert(database, [FIRST])
    assert read(path) == ([FIRST], 0)


@pytest.mark.parametrize(
    "change",
    [
        "moment = 'today'",
        "moment = 9e999",
        "terminal = x'ff'",
        "terminal = CAST(x'ff' AS TEXT)",
        "name = x'00'",
        "distance = 'far'",
        "people = 1.5",
    ],
)
def test_a_visit_that_cannot_be_counted_is_left_out(
    path: Path, database: sqlite3.Connection, change: str
) -> None:
    prepare(database)
    insert(database, [FIRST, OLD])
    database.execute(f"UPDATE visit SET {change} WHERE terminal = 'back'")
    visits, damaged = read(path)
    assert visits == [FIRST] and damaged == (not change.startswith("moment")), "no time, no place in a span"


def test_an_index_that_misses_visits_is_damage(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        prepare(database)
        index = database.execute("SELECT * FROM sqlite_master WHERE type = 'index'").fetchone()
        database.execute("PRAGMA writable_schema=ON")
        database.execute("DELETE FROM sqlite_master WHERE type = 'index'")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        insert(database, [FIRST])
        database.execute("PRAGMA writable_schema=ON")
        database.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
    damaged = closing(sqlite3.connect(path, isolation_level=None))
    with damaged as database, pytest.raises(sqlite3.DatabaseError, match="missing from index"):
        prepare(database)


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE song (name TEXT)",
        "CREATE TABLE visit (moment REAL, name TEXT)",
        LAYOUT.replace("liveness", "mood"),
        LAYOUT.replace("looks INTEGER NOT NULL, ", ""),
    ],
)
def test_other_tables_are_not_touched(database: sqlite3.Connection, tables: str) -> None:
    database.execute(tables)
    before = list(database.iterdump())
    with pytest.raises(sqlite3.DatabaseError, match="another program") as caught:
        prepare(database)
    assert not isinstance(caught.value, sqlite3.OperationalError) and list(database.iterdump()) == before
