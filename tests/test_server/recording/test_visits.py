"""The ledger of visits and the threshold grid made of it."""

import logging
import queue
import sqlite3
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.decision import Decision
from server.access.liveness.proof import Aliveness
from server.access.matching import calibration
from server.access.rules import VISIT_LOOKS, Rules
from server.access.visit import VisitSummary
from server.commands import grid as command
from server.recording import visits as module
from server.recording.thresholds import grid
from server.recording.visits import KEEP_DAYS, StoredVisit, VisitStore, read
from wire import Verdict
from wire.reasons import Reason

NOW = datetime.now()
RULES = Rules()


def account(
    distance: float | None,
    reason: Reason = Reason.RECOGNISED,
    threshold: float = 0.3,
    candidate: str | None = "Ada",
    runner_up: float | None = 0.9,
) -> VisitSummary:
    granted = reason is Reason.RECOGNISED
    verdict = Verdict.GRANTED if granted else Verdict.DENIED
    decision = Decision("id", verdict, "Ada" if granted else None, reason, distance, runner_up, threshold, 4)
    return VisitSummary(decision, candidate, distance, runner_up, 3, 2, 5, 1.5, Aliveness.LIVE)


def row(*arguments: Any, **named: Any) -> StoredVisit:
    return StoredVisit.of("front", NOW, account(*arguments, **named))


UNDECIDED = VisitSummary(None, None, None, None, 3, 0, 3, 0.5, Aliveness.OFF)


def test_visits_come_back_as_they_were_by_time_and_terminal(tmp_path: Path) -> None:
    path = tmp_path / "visits.sqlite3"
    ledger = VisitStore(path)
    ledger.add("front", NOW, [account(0.2), UNDECIDED])
    ledger.add("back", NOW - timedelta(days=1), [account(0.4, Reason.UNKNOWN_FACE)])
    ledger.add("back", NOW, [])
    ledger.close()
    old, first, second = read(path)
    assert first == StoredVisit(
        NOW.timestamp(),
        "front",
        "id",
        "granted",
        "recognised",
        "Ada",
        0.3,
        "Ada",
        0.2,
        0.9,
        3,
        2,
        5,
        1.5,
        "live",
    )
    assert (second.decision, second.verdict, second.candidate, second.liveness) == (None, None, None, "off")
    assert (old.terminal, old.reason, old.name) == ("back", "unknown_face", None)
    assert read(path, NOW - timedelta(hours=1)) == [first, second]
    assert read(path, None, "back") == [old]
    assert read(path, NOW - timedelta(hours=1), "back") == []
    assert read(tmp_path / "missing") == [] and not (tmp_path / "missing").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = VisitStore(path)
    again.add("front", NOW, [account(0.2)])
    again.close()
    assert len(read(path)) == 4


def test_visits_are_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "visits.sqlite3"
    ledger = VisitStore(path)
    ledger.add("front", NOW - timedelta(days=KEEP_DAYS, hours=1), [account(0.1)])
    ledger.add("front", NOW - timedelta(days=KEEP_DAYS, hours=-12), [account(0.2)])
    ledger.close()
    ledger = VisitStore(path)
    ledger.close()
    assert [each.distance for each in read(path)] == [0.2]
    monkeypatch.setattr(module, "CLEAN_SECONDS", 0.0)
    monkeypatch.setattr(module, "KEEP_DAYS", 1)
    ledger = VisitStore(path)
    ledger.add("front", NOW, [account(0.3)])
    ledger.close()
    assert [each.distance for each in read(path)] == [0.3]


def test_what_cannot_be_written_is_said_once_and_the_door_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = VisitStore(tmp_path / "visits.sqlite3")
    other = sqlite3.connect(tmp_path / "visits.sqlite3")
    other.execute("DROP TABLE visit")
    other.commit()
    ledger.add("front", NOW, [account(0.2)])
    ledger.add("front", NOW, [account(0.2)])
    ledger.close()
    (complaint,) = caplog.records
    assert complaint.levelno == logging.ERROR and "no such table" in complaint.message


def test_a_disk_that_is_too_slow_loses_visits_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = VisitStore(tmp_path / "visits.sqlite3")

    def full(_: object) -> None:
        raise queue.Full

    monkeypatch.setattr(ledger._queue, "put_nowait", full)
    ledger.add("front", NOW, [account(0.2)])
    ledger.add("front", NOW, [account(0.2)])
    ledger.close()
    assert [each.message.endswith("the disk is too slow") for each in caplog.records] == [True]
    assert ledger._queue.maxsize == module.MAX_WAITING


def test_a_file_of_something_else_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "visits.sqlite3"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        VisitStore(path)
    with pytest.raises(sqlite3.DatabaseError):
        read(path)


def test_a_line_tells_whom_the_threshold_would_have_recognised() -> None:
    rows = [
        row(0.20),
        row(0.28),
        row(0.33, Reason.UNKNOWN_FACE),
        row(0.33, Reason.UNKNOWN_FACE, candidate="Bob", runner_up=None),
        row(0.33, Reason.UNKNOWN_FACE, runner_up=0.35),  # too near a tie
        row(0.25, Reason.NOT_LIVE),  # recognised, refused for something else
        row(0.33, Reason.TOO_DARK),
        row(0.33, Reason.LEFT, threshold=0.35),  # the threshold was not in the way
        StoredVisit.of("front", NOW, UNDECIDED),
    ]
    strict, present, loose = grid(rows, [0.22, 0.3, 0.34], margin=0.03)
    assert [(line.recognised, line.visits) for line in (strict, present, loose)] == [(1, 9), (3, 9), (7, 9)]
    assert [dict(line.lost) for line in (strict, present, loose)] == [{"Ada": 1}, {}, {}]
    assert [dict(line.gained) for line in (strict, present, loose)] == [{}, {}, {"Ada": 1, "Bob": 1}]
    assert grid(rows, [0.33], margin=0.019)[0].gained["Ada"] == 2, "as far as the margin is enough"
    assert grid([row(0.3)], [0.3], margin=0.0)[0].recognised == 1, "at the threshold is near enough"
    refused = replace(row(0.33, Reason.REVOKED), name="Ada")
    assert not grid([refused], [0.3], margin=0.0)[0].lost, "only a grant can be lost"
    for reason in (Reason.TOO_FEW_LOOKS, Reason.LEFT, Reason.UNKNOWN_FACE):
        assert grid([row(0.33, reason)], [0.34], margin=0.0)[0].gained == {"Ada": 1}


some_rows = st.lists(
    st.builds(
        row,
        st.floats(0, 1),
        st.sampled_from([Reason.RECOGNISED, Reason.UNKNOWN_FACE, Reason.LEFT, Reason.NOT_LIVE]),
        threshold=st.floats(0.1, 0.5),
        candidate=st.sampled_from(["Ada", "Bob"]),
    )
)


@given(some_rows, st.floats(0, 1), st.floats(0, 1))
def test_a_looser_threshold_recognises_no_fewer_and_loses_no_more(
    rows: list[StoredVisit], one: float, other: float
) -> None:
    strict, loose = grid(rows, sorted((one, other)), margin=0.03)
    assert strict.recognised <= loose.recognised <= loose.visits == len(rows)
    assert loose.lost <= strict.lost and strict.gained <= loose.gained


def test_the_report_has_a_line_for_each_risk_and_the_threshold_in_force() -> None:
    rows = [row(0.2), row(0.5, Reason.UNKNOWN_FACE, threshold=0.1)]
    report = command.report(rows, RULES, 63)
    lines = report.splitlines()
    assert lines[0] == f"visits: 2, {NOW.date()} to {NOW.date()}; enrolled now: 63"
    for line, risk, one_in in zip(
        lines[2:7], command.RISKS, (100, 1000, 10_000, 100_000, 1_000_000), strict=True
    ):
        threshold = calibration.threshold(risk, 63, VISIT_LOOKS)
        assert line.split()[:7] == ["1", "in", f"{one_in:,}", f"{threshold:.3f}", *line.split()[4:7]]
        assert line.split()[4:7] == ["1" if threshold >= 0.2 else "0", "of", "2"]
    assert lines[7].split()[:3] == ["in", "force", lines[4].split()[3]]
    assert lines[8] == "in force: about 1 in 10,000"
    overridden = command.report(rows, Rules(threshold=0.1), 0).splitlines()
    assert overridden[7].split()[2:] == ["0.100", "0", "of", "2", "1", "0"]
    assert "grants lost:" in command.report([row(1.0)], RULES, 63)
