"""`python -m server grid` as an administrator runs it."""

import asyncio
import contextlib
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
from server.database.database import FILE, address_of, opened
from server.history.kept import KeptVisit
from server.history.rows import visit_row
from server.history.tables import VISIT
from server.history.writing import add
from server.settings import Settings
from server.support.errors import StartError
from tests.support.embeddings import gallery, person
from tests.support.summaries import kept, summary
from wire.reasons import Reason

NOW = datetime.now()
RULES = Rules(recogniser=DLIB)
PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})


def visit(*arguments: Any, **named: Any) -> KeptVisit:
    return kept(summary(*arguments, **named), NOW)


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


def keep_two_visits(settings: Settings, **others: str) -> None:
    """Somebody is granted, and somebody else refused, now and at the front. `others`: what is otherwise in
    the second one."""
    granted, refused = (
        visit_row("front", NOW, each) for each in (summary(0.2), summary(0.5, Reason.UNKNOWN_FACE))
    )
    with opened(address_of(settings.logs, None)) as database:
        rows = [(VISIT, granted), (VISIT, {**refused, **others})]
        database.write_here(lambda connection: add(connection, rows))


def told(settings: Settings, **chosen: Any) -> list[str]:
    return asyncio.run(grid(settings, **chosen)).splitlines()


def test_the_grid_is_made_of_the_visits_that_are_kept(settings: Settings) -> None:
    assert told(settings) == ["no visits in the history"]
    assert not (settings.logs / FILE).exists(), "the command changes nothing"
    keep_two_visits(settings)
    lines = told(settings)
    assert lines[0].startswith("visits: 2,") and lines[0].endswith("enrolled now: 2")
    assert "1 of 2" in lines[7]


def test_visits_are_chosen_by_time_and_terminal(settings: Settings) -> None:
    keep_two_visits(settings)
    assert told(settings, since=NOW - timedelta(seconds=1), terminal="front")[0].startswith("visits: 2,")
    assert told(settings, terminal="back") == ["no visits in the history"]
    assert told(settings, since=NOW + timedelta(days=1)) == ["no visits in the history"]


def test_visits_by_another_recogniser_are_left_out_and_counted(settings: Settings) -> None:
    keep_two_visits(settings, recogniser="sface")
    lines = told(settings)
    assert lines[0].startswith("visits: 1,")
    assert lines[-1] == "left out: 1 visits by another recogniser than dlib"


@pytest.mark.parametrize("data", [b"not a database" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_said_in_a_sentence(settings: Settings, data: bytes) -> None:
    path = settings.logs / FILE
    path.write_bytes(data)
    with pytest.raises(StartError, match=r"^the history cannot be read: .*doorward\.sqlite3: "):
        told(settings)
    assert path.read_bytes() == data, "the command changes nothing"


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
