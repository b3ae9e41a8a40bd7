"""The recorder: all that a replay needs, nothing more, private, and never in the door's way."""

import logging
import stat
import threading
from collections import namedtuple
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.access.liveness.proof import Liveness
from server.access.rules import Rules
from server.access.seen import Face
from server.access.tracks import LOST_SECONDS
from server.recording import recorder as module
from server.recording.entries import RecordedEnd, RecordedEntry, RecordedFrame
from server.recording.files import find, in_order
from server.recording.recorder import Recorder
from tests.support.embeddings import box, gallery, look, person
from tests.support.recorded import START, LiveDoor

RULES = Rules(liveness=Liveness.OFF)
ADA = Face(box(), look(0, 0.2))
PEOPLE = gallery({"Ada": person(0)})
Usage = namedtuple("Usage", "total used free")


def a_door() -> LiveDoor:
    return LiveDoor(RULES, PEOPLE)


def entries(folder: Path) -> list[RecordedEntry]:
    recordings, problems = find(folder)
    assert not problems
    found = [entry for _, entry in in_order(recordings)]
    assert not any(recording.complaint for recording in recordings)
    return found


def times(folder: Path) -> list[float]:
    return [round(entry.what.at, 3) for entry in entries(folder) if isinstance(entry.what, RecordedFrame)]


def a_visit(
    recorder: Recorder, session: str = "s", door: LiveDoor | None = None, at: float = 0.0
) -> LiveDoor:
    door = door or a_door()
    for number in range(5):
        recorder.take(session, "front", door.see([ADA], at + number * 0.5))
    for number in range(5, 12):
        recorder.take(session, "front", door.see([], at + number * 0.5))
    return door


def test_a_visit_is_recorded_until_its_track_has_ended_and_the_empty_doorway_is_not(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", RULES)
    door = a_door()
    for number in range(3):
        recorder.take("s", "front", door.see([], number * 0.5 - 5.0))
    a_visit(recorder, door=door)
    recorder.close()
    assert times(tmp_path / "r") == [number * 0.5 for number in range(9)], "one frame later than LOST_SECONDS"
    assert LOST_SECONDS < 8 * 0.5 - 4 * 0.5
    last = entries(tmp_path / "r")[-1].what
    assert len(last.ended) == 1, "the track ended with the last frame recorded"


def test_somebody_passing_by_is_recorded_until_the_track_has_ended(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RULES)
    door = a_door()
    recorder.take("s", "front", door.see([ADA], 0.0))
    for number in range(1, 9):
        recorder.take("s", "front", door.see([], number * 0.5))
    recorder.close()
    assert times(tmp_path) == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_decision_on_somebody_who_has_left_is_recorded_however_late(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RULES)
    door = a_visit(recorder)
    decision = next(sight.decision for sight in door.sights if sight.decision)
    recorder.take("s", "front", replace(door.sights[-1], at=30.0, decision=decision))
    recorder.take("s", "front", replace(door.sights[-1], at=31.0))
    recorder.close()
    assert times(tmp_path)[-2:] == [4.0, 30.0]


def test_files_are_private_by_session_and_day_and_tell_the_rules(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "recordings"
    recorder = Recorder(folder, RULES)
    a_visit(recorder, "one")
    a_visit(recorder, "two")
    door = a_door()
    for number in range(4):
        sight = door.see([ADA], number * 0.5)
        recorder.take(
            "one",
            "front",
            replace(sight, moment=datetime(2026, 11, 22, 23, 59, 59) + timedelta(seconds=number)),
        )
    recorder.close()
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*.rec")}
    assert set(files) == {"2026-11-22/one.rec", "2026-11-22/two.rec", "2026-11-23/one.rec"}
    for path in files.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    headers = [recording.header for recording in find(folder)[0]]
    assert {header.terminal for header in headers} == {"front"}
    assert {header.rules["liveness"] for header in headers} == {"off"}
    assert len({header.run for header in headers}) == 1
    numbers = [entry.number for entry in entries(folder)]
    assert numbers == sorted(numbers) == list(range(len(numbers))), "in the order in which they were taken"


def test_pictures_are_kept_only_when_wanted(tmp_path: Path) -> None:
    for pictures, kept in [(False, None), (True, b"jpeg")]:
        recorder = Recorder(tmp_path / str(pictures), RULES, pictures)
        recorder.take("s", "front", replace(a_door().see([ADA], 0.0), jpeg=b"jpeg"))
        recorder.close()
        (entry,) = entries(tmp_path / str(pictures))
        assert isinstance(entry.what, RecordedFrame) and entry.what.jpeg == kept


def test_the_end_of_a_session_is_recorded_when_somebody_was_there(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RULES)
    door = a_visit(recorder)
    recorder.end("s", "front", door.part())
    recorder.end("unheard of", "front", RecordedEnd(START, (), ()))
    door = a_door()
    recorder.take("t", "front", door.see([ADA], 0.0))
    recorder.end("t", "front", RecordedEnd(START, (), ()))
    decision = next(sight.decision for sight in a_visit(recorder, "u").sights if sight.decision)
    recorder.end("u", "front", RecordedEnd(START, (decision,), ()))
    recorder.close()
    partings = [entry for entry in entries(tmp_path) if isinstance(entry.what, RecordedEnd)]
    assert len(partings) == 2 and not (tmp_path / "2026-11-22" / "unheard of.rec").exists()


def held_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The disk takes nothing until the event is set."""
    going_on, write = threading.Event(), Recorder._write

    def slow(self: Recorder, work: Any) -> None:
        going_on.wait(10)
        write(self, work)

    monkeypatch.setattr(Recorder, "_write", slow)
    return going_on


def test_what_does_not_fit_is_dropped_by_whole_visits_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 12 * module.SIGHT_BYTES)
    going_on = held_up(monkeypatch)
    recorder = Recorder(tmp_path, RULES)
    with caplog.at_level(logging.WARNING):
        door = a_visit(recorder)  # 9 entries
        a_visit(recorder, door=door, at=100.0)  # 3 more fit
        a_visit(recorder, door=door, at=200.0)  # nothing
        going_on.set()
        while recorder._waiting:
            pass
        a_visit(recorder, door=door, at=300.0)
    recorder.close()
    assert times(tmp_path) == [
        *(n * 0.5 for n in range(9)),
        100.0,
        100.5,
        101.0,
        *(300 + n * 0.5 for n in range(9)),
    ]
    assert [entry.number for entry in entries(tmp_path) if entry.cut] == [12], "the first one after the gap"
    assert [each.message for each in caplog.records] == [
        "the disk is too slow for recording everything: whole visits are left out"
    ]


def test_a_visit_of_which_a_frame_was_dropped_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 2 * module.SIGHT_BYTES)
    going_on = held_up(monkeypatch)
    recorder = Recorder(tmp_path, RULES)
    door = a_door()
    for number in range(3):
        recorder.take("s", "front", door.see([ADA], number * 0.5))
    going_on.set()
    while recorder._waiting:
        pass
    recorder.take("s", "front", door.see([ADA], 1.5))
    recorder.close()
    assert times(tmp_path) == [0.0, 0.5]


def test_pictures_count_by_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 100_000)
    going_on = held_up(monkeypatch)
    recorder = Recorder(tmp_path, RULES, pictures=True)
    door = a_door()
    for number in range(4):
        recorder.take("s", "front", replace(door.see([ADA], number * 0.5), jpeg=bytes(40_000)))
    going_on.set()
    recorder.close()
    assert times(tmp_path) == [0.0, 0.5]


def test_a_full_disk_ends_the_recording_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    appended, append = [], module._append

    def full(file: Any, data: bytes) -> None:
        appended.append(data)
        if len(appended) == 4:
            file.write(data[:100])
            raise OSError(28, "No space left on device")
        append(file, data)

    monkeypatch.setattr(module, "_append", full)
    recorder = Recorder(tmp_path, RULES)
    door = a_visit(recorder)
    recorder.end("s", "front", door.part())
    recorder.close()
    assert len(appended) == 4
    assert times(tmp_path) == [0.0, 0.5], "readable up to the torn record"
    (complaint,) = caplog.records
    assert complaint.levelno == logging.ERROR and "No space left on device" in complaint.message


def test_a_write_of_a_part_only_counts_as_failed(tmp_path: Path) -> None:
    class Short:
        def write(self, data: bytes) -> int:
            return len(data) - 1

    with pytest.raises(OSError, match="9 of 10 bytes"):
        module._append(Short(), bytes(10))  # type: ignore[arg-type]


def test_recording_leaves_room_for_the_access_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = iter([module.RESERVE_BYTES, module.RESERVE_BYTES - 1])
    monkeypatch.setattr(module, "CHECK_BYTES", 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, next(free)))
    recorder = Recorder(tmp_path, RULES)
    a_visit(recorder)
    recorder.close()
    assert times(tmp_path) == [0.0]
    assert "499 MB are free" in caplog.records[0].message


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Recorder(tmp_path / "file", RULES)
