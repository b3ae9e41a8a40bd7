"""`python -m server grid` as an administrator runs it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.access.matching.neighbourhood import Population
from server.access.matching.recogniser import DLIB
from server.access.odds import RISKS
from server.access.rules import VISIT_LOOKS, Rules
from server.commands.grid import grid, report
from server.events import VisitOver
from server.recording.visit_store import VisitStore
from server.recording.visits import FILE, StoredVisit
from server.settings import Settings
from server.support.errors import StartError
from tests.support.embeddings import gallery, person
from tests.support.summaries import summary
from wire.reasons import Reason

NOW = datetime.now()
RULES = Rules(recogniser=DLIB)
PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})


def visit(*arguments: Any, **named: Any) -> StoredVisit:
    return StoredVisit.of("front", NOW, summary(*arguments, **named))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With two people enrolled and nothing in the logs."""

    @contextlib.asynccontextmanager
    async def enrolled(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(gallery=PEOPLE)

    monkeypatch.setattr("server.commands.grid.enrolled", enrolled)
    return Settings.model_validate(
        {"faces": tmp_path / "faces", "logs": tmp_path, "threshold": 0.3, "recogniser": "dlib"}
    )


def keep_two_visits(settings: Settings) -> Path:
    """Somebody is granted, and somebody else refused, now and at the front."""
    store = VisitStore(settings.logs / FILE)
    for each in (summary(0.2), summary(0.5, Reason.UNKNOWN_FACE)):
        store.take(VisitOver("front", NOW, each))
    store.close()
    return settings.logs / FILE


def told(settings: Settings, **chosen: Any) -> list[str]:
    return asyncio.run(grid(settings, **chosen)).splitlines()


def test_the_grid_is_made_of_the_visits_that_are_kept(settings: Settings) -> None:
    assert told(settings) == [f"no visits in {settings.logs / FILE}"]
    keep_two_visits(settings)
    lines = told(settings)
    assert lines[0].startswith("visits: 2,") and lines[0].endswith("enrolled now: 2")
    assert "1 of 2" in lines[7]


def test_visits_are_chosen_by_time_and_terminal(settings: Settings) -> None:
    path = keep_two_visits(settings)
    assert told(settings, since=NOW - timedelta(seconds=1), terminal="front")[0].startswith("visits: 2,")
    assert told(settings, terminal="back") == [f"no visits in {path}"]
    assert told(settings, since=NOW + timedelta(days=1)) == [f"no visits in {path}"]


def test_visits_by_another_recogniser_are_left_out_and_counted(settings: Settings) -> None:
    path = keep_two_visits(settings)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE visit SET recogniser = 'sface' WHERE name IS NULL")
    lines = told(settings)
    assert lines[0].startswith("visits: 1,")
    assert lines[-1] == "left out: 1 visits by another recogniser than dlib"


@pytest.mark.parametrize("data", [b"not a database" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_said_in_a_sentence_that_tells_what_becomes_of_it(
    settings: Settings, data: bytes
) -> None:
    path = settings.logs / FILE
    path.write_bytes(data)
    with pytest.raises(StartError) as caught:
        told(settings)
    assert str(caught.value).startswith(f"logs: {path} is damaged (")
    assert str(caught.value).endswith("); the server sets it aside and begins a new one when it starts")
    assert path.read_bytes() == data, "the command changes nothing"


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(settings: Settings) -> None:
    (settings.logs / FILE).mkdir()
    with pytest.raises(StartError, match=r"cannot read .*: it is no file"):
        told(settings)


def test_damaged_visits_are_skipped_and_counted(settings: Settings) -> None:
    path = keep_two_visits(settings)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE visit SET looks = 'many' WHERE name IS NULL")
    lines = told(settings)
    assert lines[0].startswith("visits: 1,")
    assert lines[-1] == f"skipped: 1 damaged visits in {path}"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE visit SET terminal = x'ff'")
    assert told(settings) == [f"no visits in {path}", f"skipped: 2 damaged visits in {path}"]


def test_the_report_has_a_line_for_each_risk_and_the_threshold_in_force() -> None:
    visits = [visit(0.2), visit(0.5, Reason.UNKNOWN_FACE, threshold=0.1)]
    lines = report(visits, RULES, Population(63)).splitlines()
    assert lines[0] == f"visits: 2, {NOW.date()} to {NOW.date()}; enrolled now: 63"
    for line, risk, one_in in zip(lines[2:7], RISKS, (100, 1000, 10_000, 100_000, 1_000_000), strict=True):
        threshold = DLIB.calibration.threshold(risk, 63, VISIT_LOOKS)
        assert line.split()[:7] == ["1", "in", f"{one_in:,}", f"{threshold:.3f}", *line.split()[4:7]]
        assert line.split()[4:7] == ["1" if threshold >= 0.2 else "0", "of", "2"]
    assert lines[7].split()[:3] == ["in", "force", lines[4].split()[3]]
    assert lines[8] == "in force: about 1 in 10,000"
    overridden = report(visits, Rules(recogniser=DLIB, threshold=0.1), Population(0)).splitlines()
    assert overridden[7].split()[2:] == ["0.100", "0", "of", "2", "1", "0"]
    assert "grants lost:" in report([visit(1.0)], RULES, Population(63))
