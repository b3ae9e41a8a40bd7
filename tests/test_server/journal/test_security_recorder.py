"""logs/security_log.txt: on the disk at once, and what the disk did not take is not forgotten."""

import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from server.audit.security_log import PATTERN, SecurityEvent, SecurityKind
from server.events import TimePassed
from server.journal.security_recorder import MAX_WAITING, SecurityRecorder, ended_well
from server.support import osdep
from tests.support.clock import Clock

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)


def event(terminal: str, kind: SecurityKind = SecurityKind.SECOND_CONNECTION) -> SecurityEvent:
    return SecurityEvent(MOMENT, kind, terminal, "10.0.0.7")


def lines(folder: Path) -> list[str]:
    """Without their times."""
    found = (folder / "security_log.txt").read_text().splitlines()
    assert all(PATTERN.match(line) for line in found), found
    return [line.split(" ", 1)[1] for line in found]


def test_an_event_is_a_line_at_once_and_its_repetitions_one_in_time(tmp_path: Path) -> None:
    clock = Clock()
    recorder = SecurityRecorder(tmp_path, clock)
    for _ in range(3):
        recorder.take(event("front"))
    assert lines(tmp_path) == ["second_connection front 10.0.0.7"]
    clock.now = 61.0
    recorder.take(TimePassed())
    assert lines(tmp_path)[1:] == [
        "second_connection front 10.0.0.7 count=2 since=2026-11-22T08:00:00.000+00:00"
    ]
    recorder.take(event("front"))
    recorder.close()
    assert "count=1" in lines(tmp_path)[2], "the end keeps nothing back"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_others_may_not_read_it(tmp_path: Path) -> None:
    SecurityRecorder(tmp_path).close()
    assert (tmp_path / "security_log.txt").stat().st_mode & 0o777 == 0o640


def test_no_value_can_forge_a_line(tmp_path: Path) -> None:
    recorder = SecurityRecorder(tmp_path)
    name = 'front" 10.0.0.1\n2026-11-22T08:00:00Z server_stopped - -'
    recorder.take(SecurityEvent(MOMENT, SecurityKind.WRONG_TOKEN, name, "10.0.0.7", {"why": name}))
    recorder.close()
    assert len(lines(tmp_path)) == 1 and lines(tmp_path)[0].startswith("wrong_token ")


def test_what_was_lost_on_the_way_is_counted(tmp_path: Path) -> None:
    recorder = SecurityRecorder(tmp_path)
    recorder.missed(4711)
    recorder.close()
    assert lines(tmp_path) == ["events_lost - - events=4711"]


def test_what_the_disk_does_not_take_is_written_when_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: object) -> None:
        raise OSError("disk full")

    recorder = SecurityRecorder(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(osdep, "flush_to_disk", full)
        for number in range(3):
            recorder.take(event(f"door-{number}"))
    assert lines(tmp_path) == [] and len(caplog.messages) == 1
    recorder.take(TimePassed())
    recorder.close()
    assert lines(tmp_path) == [f"second_connection door-{number} 10.0.0.7" for number in range(3)]


def test_of_too_many_that_wait_the_newest_stay_and_the_others_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError("disk full")

    recorder = SecurityRecorder(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(osdep, "flush_to_disk", full)
        for number in range(MAX_WAITING + 7):
            recorder.missed(number)
    recorder.close()
    assert lines(tmp_path)[0] == "events_lost - - lines=7" and len(lines(tmp_path)) == MAX_WAITING + 1


@pytest.mark.parametrize(
    ("last", "well"),
    [(None, True), (SecurityKind.SERVER_STOPPED, True), (SecurityKind.SERVER_STARTED, False)],
)
def test_the_next_run_sees_whether_the_one_before_was_cut_short(
    tmp_path: Path, last: SecurityKind | None, well: bool
) -> None:
    assert ended_well(tmp_path)
    recorder = SecurityRecorder(tmp_path)
    if last is not None:
        recorder.take(event("front", last))
    recorder.close()
    assert ended_well(tmp_path) is well
