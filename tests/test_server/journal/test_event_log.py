"""logs/events.jsonl: what happens, for machines."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from server.access.camera import CameraState
from server.audit.security_log import SecurityEvent, SecurityKind
from server.events import Enrolled, Event, TerminalChanged, TerminalHealth, TimePassed
from server.journal import event_log
from server.journal.event_log import FILE, EventLog
from tests.support.clock import Clock

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)


def written(folder: Path, *events: Event) -> list[dict[str, Any]]:
    log = EventLog(folder)
    for event in events:
        log.take(event)
    log.close()
    return [json.loads(line) for line in (folder / FILE).read_text("utf-8").splitlines()]


def test_each_event_is_an_object_with_its_time_and_kind(tmp_path: Path) -> None:
    health = TerminalHealth("front", "s", MOMENT, CameraState.COVERED, -1.23)
    told = written(
        tmp_path,
        TerminalChanged("front", "s", True),
        health,
        Enrolled(3, 7),
        SecurityEvent(MOMENT, SecurityKind.WRONG_TOKEN, "front\u2028", "10.0.0.7", {"token": "given"}),
        TerminalChanged("front", "s", False),
    )
    times = [each.pop("time") for each in told]
    assert all(datetime.fromisoformat(time).tzinfo for time in times)
    assert datetime.fromisoformat(times[1]) == MOMENT
    door = {"terminal": "front", "session": "s"}
    assert told == [
        {"kind": "terminal_connected", **door},
        {"kind": "terminal_health", **door, "camera": "covered", "clock_skew": -1.2},
        {"kind": "enrolled", "people": 3, "photos": 7},
        {
            "kind": "security",
            "what": "wrong_token",
            "terminal": "front\u2028",
            "source": "10.0.0.7",
            "token": "given",
        },
        {"kind": "terminal_left", **door},
    ]


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    health = TerminalHealth("front", "s", MOMENT, CameraState.OK, None)
    started = SecurityEvent(MOMENT, SecurityKind.SERVER_STARTED, details={"last_run": None})
    assert [set(each) for each in written(tmp_path, health, started)] == [
        {"time", "kind", "terminal", "session", "camera"},
        {"time", "kind", "what"},
    ]


def test_repetitions_are_counted(tmp_path: Path) -> None:
    wrong = SecurityEvent(MOMENT, SecurityKind.WRONG_TOKEN, "front", "10.0.0.7")
    assert [each.get("count") for each in written(tmp_path, *[wrong] * 10)] == [None, 9]


def test_repetitions_are_told_once_a_minute_also_while_nothing_else_happens(tmp_path: Path) -> None:
    clock = Clock()
    log = EventLog(tmp_path, clock)
    for _ in range(3):
        log.take(SecurityEvent(MOMENT, SecurityKind.WRONG_TOKEN, "front", "10.0.0.7"))
    clock.now = 61.0
    log.take(TimePassed())
    assert '"count": 2' in (tmp_path / FILE).read_text().splitlines()[1]
    log.close()


def test_it_takes_so_much_of_the_disk_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "FILE_BYTES", 1000)
    written(tmp_path, *[Enrolled(1, 1)] * 500)
    files = list(tmp_path.iterdir())
    assert len(files) == event_log.FILES and all(file.stat().st_size <= 1000 for file in files)


def test_what_was_lost_is_counted(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.missed(12)
    log.close()
    assert json.loads((tmp_path / FILE).read_text())["events"] == 12
