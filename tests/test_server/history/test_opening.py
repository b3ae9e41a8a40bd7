"""What a start adds to the history: what a crash has left out, and what an older version kept."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.database.database import Database
from server.history import opening as module
from server.history.kept import KeptVisit
from server.history.opening import bring_up_to_date
from server.history.queries import acts, decisions, visits
from tests.support.histories import act, decision, entry, fill, minutes, write_log

OLD_LAYOUT = """
CREATE TABLE visit (
    moment REAL NOT NULL, terminal TEXT NOT NULL, decision TEXT, verdict TEXT, reason TEXT, name TEXT,
    threshold REAL, candidate TEXT, distance REAL, runner_up REAL,
    people INTEGER NOT NULL, photos INTEGER NOT NULL,
    looks INTEGER NOT NULL, seconds REAL NOT NULL, liveness TEXT NOT NULL,
    recogniser TEXT NOT NULL
)
"""
"""As servers before there was a history made it."""
OLDEST_LAYOUT = OLD_LAYOUT.replace(
    "liveness TEXT NOT NULL,\n    recogniser", "liveness TEXT NOT NULL\n    --"
)
"""As it was when there was one recogniser."""
GRANTED = {
    "moment": minutes(0).timestamp() + 0.1234,
    "terminal": "front",
    "decision": "id",
    "verdict": "granted",
    "reason": "recognised",
    "name": "Ada",
    "threshold": 0.3,
    "candidate": "Ada",
    "distance": 0.2,
    "runner_up": 0.9,
    "people": 3,
    "photos": 2,
    "looks": 5,
    "seconds": 1.5,
    "liveness": "live",
    "recogniser": "sface",
}
UNDECIDED: dict[str, Any] = {
    **dict.fromkeys(GRANTED),
    **{name: GRANTED[name] for name in ("people", "photos", "looks", "seconds", "liveness", "recogniser")},
    "moment": minutes(1).timestamp(),
    "terminal": "back",
}


def old_visits(path: Path, *visits: dict[str, Any], layout: str = OLD_LAYOUT) -> Path:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(layout)
        for visit in visits:
            marks = ", ".join(f":{name}" for name in visit)
            file.execute(f"INSERT INTO visit ({', '.join(visit)}) VALUES ({marks})", visit)
    return path


def ids(database: Database) -> list[str]:
    return [each.id for each in reversed(database.read_here(decisions))]


def kept(database: Database) -> list[KeptVisit]:
    return database.read_here(visits)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def talkative(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", module.__name__)


def test_what_a_crash_has_left_out_is_added(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn = b"2026-11-22T08:36"
    write_log(tmp_path / "access_log.txt", *map(entry, range(4)), b"torn\n", entry(4), entry(4), torn)
    write_log(tmp_path / "operator_log.txt", act(1), act(2))
    fill(database, decision(0), decision(1), decision(3))
    bring_up_to_date(database, tmp_path, minutes(0))
    assert ids(database) == ["d0", "d1", "d2", "d3", "d4"]
    assert [each.moment for each in database.read_here(acts)] == [minutes(2), minutes(1)]
    assert lines(caplog) == [
        "history: 2 lines of access_log.txt were missing, and are there now",
        "history: 2 lines of operator_log.txt were missing, and are there now",
    ]
    caplog.clear()
    bring_up_to_date(database, tmp_path, minutes(0))
    assert len(ids(database)) == 5 and lines(caplog) == []


def test_only_the_end_of_a_log_is_looked_at_and_what_to_do_for_the_rest_is_told(
    database: Database,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TAIL_BYTES", 600)
    write_log(tmp_path / "access_log.txt", *map(entry, range(100)))
    bring_up_to_date(database, tmp_path, minutes(0))
    assert ids(database) == ["d97", "d98", "d99"]
    assert lines(caplog)[-1] == (
        "history: begun; python -m server history rebuild takes in the older logs, too"
    )


def test_a_history_that_has_begun_with_all_there_is_needs_no_rebuild(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_log(tmp_path / "access_log.txt", entry(1))
    bring_up_to_date(database, tmp_path, minutes(0))
    assert ids(database) == ["d1"] and not any("rebuild" in line for line in lines(caplog))


def test_what_is_too_old_to_be_kept_is_not_added(database: Database, tmp_path: Path) -> None:
    write_log(tmp_path / "access_log.txt", *map(entry, range(4)))
    old_visits(tmp_path / "visits.sqlite3", GRANTED, UNDECIDED)
    bring_up_to_date(database, tmp_path, minutes(1))
    assert ids(database) == ["d1", "d2", "d3"]
    assert [visit.terminal for visit in kept(database)] == ["back"]


def test_visits_of_an_older_version_are_taken_over_once(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = old_visits(tmp_path / "visits.sqlite3", UNDECIDED, GRANTED)
    bring_up_to_date(database, tmp_path, minutes(0))
    undecided, granted = kept(database)
    assert not path.exists()
    expected = {**GRANTED, "moment": granted.moment}
    assert {name: getattr(granted, name) for name in GRANTED} == expected
    assert granted.place.moment == round(minutes(0).timestamp() * 1000) + 123
    assert (undecided.terminal, undecided.verdict, undecided.moment) == ("back", None, minutes(1))
    assert lines(caplog) == ["history: 2 visits of visits.sqlite3 were taken over, and it was removed"]


def test_visits_of_before_there_were_several_recognisers_are_those_of_dlib(
    database: Database, tmp_path: Path
) -> None:
    old = {name: value for name, value in GRANTED.items() if name != "recogniser"}
    old_visits(tmp_path / "visits.sqlite3", old, layout=OLDEST_LAYOUT)
    bring_up_to_date(database, tmp_path, minutes(0))
    assert [visit.recogniser for visit in kept(database)] == ["dlib"]


def test_a_start_that_was_broken_off_takes_nothing_over_twice(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        old_visits(tmp_path / "visits.sqlite3", UNDECIDED, GRANTED)
        bring_up_to_date(database, tmp_path, minutes(0))
    assert len(kept(database)) == 2


@pytest.mark.parametrize(
    "damage",
    [
        {"moment": "today"},
        {"moment": float("inf")},
        {"looks": "many"},
        {"people": 1.5},
        {"distance": "far"},
        {"name": b"\0"},
    ],
)
def test_a_damaged_visit_is_left_out(database: Database, tmp_path: Path, damage: dict[str, Any]) -> None:
    old_visits(tmp_path / "visits.sqlite3", {**GRANTED, **damage}, UNDECIDED)
    bring_up_to_date(database, tmp_path, minutes(0))
    assert [visit.terminal for visit in kept(database)] == ["back"]


@pytest.mark.parametrize("data", [b"not a database" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_cannot_be_read_is_told_and_left(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    path = tmp_path / "visits.sqlite3"
    path.write_bytes(data)
    bring_up_to_date(database, tmp_path, minutes(0))
    (line,) = lines(caplog)
    assert line.startswith("history: visits.sqlite3 could not be taken in: ") and path.read_bytes() == data


def test_a_log_that_cannot_be_read_keeps_nothing_from_going_on(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "access_log.txt").mkdir()
    old_visits(tmp_path / "visits.sqlite3", GRANTED)
    bring_up_to_date(database, tmp_path, minutes(0))
    assert (
        lines(caplog)[0].startswith("history: the logs could not be taken in: ") and len(kept(database)) == 1
    )
