"""The recorder: all that a replay needs, nothing more, private, and never in the door's way."""

import errno
import logging
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.rules import Rules
from server.access.seen import Face
from server.access.tracks import LOST_SECONDS
from server.events import DoorClosed, FrameObserved
from server.recording.entries import RecordedEntry
from server.recording.files import find, in_order
from server.recording.recorder import Recorder
from server.recording.writer import CHECK_BYTES, RESERVE_BYTES, RecordingWriter
from tests.support.embeddings import box, gallery, look, person
from tests.support.recorded import START, LiveDoor

RULES = Rules(recogniser=DLIB, liveness=Liveness.OFF)
ADA = Face(box(), look(0, 0.2))
PEOPLE = gallery({"Ada": person(0)})


def a_door() -> LiveDoor:
    return LiveDoor(RULES, PEOPLE)


def entries(folder: Path) -> list[RecordedEntry]:
    recordings, problems = find(folder)
    assert not problems
    found = [entry for _, entry in in_order(recordings)]
    assert not any(recording.complaint for recording in recordings)
    return found


def times(folder: Path) -> list[float]:
    return [round(entry.what.at, 3) for entry in entries(folder) if isinstance(entry.what, ObservedFrame)]


def show(recorder: Recorder, frame: ObservedFrame, session: str = "s") -> None:
    recorder.take(FrameObserved(session, "front", frame, RULES))


def end(recorder: Recorder, closed: ClosedDoor, session: str = "s") -> None:
    recorder.take(DoorClosed(session, "front", closed, RULES))


def a_visit(
    recorder: Recorder, session: str = "s", door: LiveDoor | None = None, at: float = 0.0
) -> LiveDoor:
    """2 s with Ada in view, 4 s without; 9 frames of it are recorded."""
    door = door or a_door()
    for number in range(12):
        show(recorder, door.see([ADA] if number < 5 else [], at + number * 0.5), session)
    return door


def test_a_visit_is_recorded_until_its_track_has_ended_and_the_empty_doorway_is_not(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path / "r")
    door = a_door()
    for number in range(3):
        show(recorder, door.see([], number * 0.5 - 5.0))
    a_visit(recorder, door=door)
    recorder.close()
    assert times(tmp_path / "r") == [number * 0.5 for number in range(9)], "one frame later than LOST_SECONDS"
    assert LOST_SECONDS < 8 * 0.5 - 4 * 0.5
    last = entries(tmp_path / "r")[-1].what
    assert len(last.ended) == 1, "the track ended with the last frame recorded"


def test_somebody_passing_by_is_recorded_until_the_track_has_ended(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path)
    door = a_door()
    for number in range(9):
        show(recorder, door.see([] if number else [ADA], number * 0.5))
    recorder.close()
    assert times(tmp_path) == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_decision_on_somebody_who_has_left_is_recorded_however_late(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path)
    door = a_visit(recorder)
    decision = next(frame.decision for frame in door.frames if frame.decision)
    show(recorder, replace(door.frames[-1], at=30.0, decision=decision))
    show(recorder, replace(door.frames[-1], at=31.0))
    recorder.close()
    assert times(tmp_path)[-2:] == [4.0, 30.0]


def test_files_are_private_by_session_and_day_and_tell_the_rules(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "recordings"
    recorder = Recorder.in_folder(folder)
    a_visit(recorder, "one")
    a_visit(recorder, "two")
    door = a_door()
    midnight = datetime(2026, 11, 22, 23, 59, 59)
    for number in range(4):
        frame = door.see([ADA], number * 0.5)
        show(recorder, replace(frame, moment=midnight + timedelta(seconds=number)), "one")
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


def test_under_other_rules_a_session_goes_on_in_another_file_and_back(tmp_path: Path) -> None:
    """So that each file's header tells what held for all that is in it."""
    recorder = Recorder.in_folder(tmp_path)
    strict = replace(RULES, threshold=0.2)
    door = a_door()
    for number, rules in enumerate([RULES, RULES, strict, strict, RULES]):
        recorder.take(FrameObserved("s", "front", door.see([ADA], number * 0.5), rules))
    recorder.take(DoorClosed("s", "front", door.close(), strict))
    recorder.close()
    recordings, problems = find(tmp_path)
    assert not problems
    by_threshold = {
        recording.header.rules["threshold"]: [entry.number for entry in recording.entries()]
        for recording in recordings
    }
    assert by_threshold == {"None": [0, 1, 4], "0.2": [2, 3, 5]}
    assert {path.name for path in tmp_path.rglob("*.rec")} == {"s.rec", "s-1.rec"}
    assert [entry.number for entry in entries(tmp_path)] == [0, 1, 2, 3, 4, 5], "in order again"


def test_pictures_are_kept_only_when_wanted(tmp_path: Path) -> None:
    for pictures, kept in [(False, None), (True, b"jpeg")]:
        recorder = Recorder.in_folder(tmp_path / str(pictures), pictures)
        show(recorder, replace(a_door().see([ADA], 0.0), jpeg=b"jpeg"))
        recorder.close()
        (entry,) = entries(tmp_path / str(pictures))
        assert isinstance(entry.what, ObservedFrame) and entry.what.jpeg == kept


def test_the_end_of_a_session_is_recorded_when_somebody_was_there(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path)
    nothing = ClosedDoor(START, (), ())
    end(recorder, a_visit(recorder).close())
    end(recorder, nothing, "unheard of")
    show(recorder, a_door().see([ADA], 0.0), "t")
    end(recorder, nothing, "t")
    decision = next(frame.decision for frame in a_visit(recorder, "u").frames if frame.decision)
    end(recorder, replace(nothing, decisions=(decision,)), "u")
    recorder.close()
    ends = [entry for entry in entries(tmp_path) if isinstance(entry.what, ClosedDoor)]
    assert len(ends) == 2 and not (tmp_path / "2026-11-22" / "unheard of.rec").exists()


def test_after_a_gap_the_next_whole_visit_is_recorded_and_its_first_record_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder.in_folder(tmp_path)
    door = a_visit(recorder)
    other = a_door()
    a_visit(recorder, "other", other)
    for at in (100.0, 100.5):
        show(recorder, door.see([ADA], at))
    door.see([ADA], 101.0)  # is missing
    recorder.missed(1)
    for at in (101.5, 102.0, 102.5, 103.0, 103.5):  # Ada is still there, then leaves
        show(recorder, door.see([ADA] if at < 102.0 else [], at))
    a_visit(recorder, door=door, at=300.0)
    a_visit(recorder, door=door, at=400.0)
    a_visit(recorder, "other", other, 500.0)
    recorder.close()
    by_session = {each.header.session: list(each.entries()) for each in find(tmp_path)[0]}
    whole = [[at + number * 0.5 for number in range(9)] for at in (0.0, 300.0, 400.0, 500.0)]
    assert [entry.what.at for entry in by_session["s"] if isinstance(entry.what, ObservedFrame)] == [
        *whole[0],
        100.0,
        100.5,
        *whole[1],
        *whole[2],
    ]
    assert [entry.number for entry in by_session["s"] if entry.cut] == [9 + 9 + 2]
    assert [entry.cut for entry in by_session["other"]] == [False] * 9 + [True] + [False] * 8
    recorder.missed(1)
    assert [record.message for record in caplog.records] == [
        "the disk is too slow for recording everything: whole visits are left out"
    ]


def test_whoever_came_during_a_gap_is_left_out_and_so_is_the_end_of_the_session(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path)
    known, unheard_of = a_visit(recorder), a_door()
    for door in (known, unheard_of):
        for number in range(4):
            door.see([ADA], 50.0 + number * 0.5)  # is missing
    recorder.missed(1)
    for door, session in ((known, "s"), (unheard_of, "t")):
        show(recorder, door.see([ADA], 52.0), session)
        end(recorder, door.close(), session)
    a_visit(recorder, "next")
    recorder.close()
    recorded = {each.header.session: len(list(each.entries())) for each in find(tmp_path)[0]}
    assert recorded == {"s": 9, "next": 9}


class FakeWriter:
    """`fails`: at the record of that number."""

    def __init__(self, fails: int | None = None) -> None:
        self.fails = fails
        self.numbers: list[int] = []
        self.open: set[str] = set()

    def append(self, session: str, terminal: str, entry: RecordedEntry, rules: Rules) -> None:
        self.open.add(session)
        self.numbers.append(entry.number)
        if entry.number == self.fails:
            raise OSError(errno.ENOSPC, "No space left on device")

    def close(self, session: str) -> None:
        self.open.discard(session)

    def close_all(self) -> None:
        self.open.clear()


def test_a_full_disk_ends_the_recording_with_a_loud_line_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = FakeWriter(fails=3)
    recorder = Recorder(writer)
    door = a_visit(recorder)
    end(recorder, door.close())
    a_visit(recorder, "t")
    recorder.close()
    assert writer.numbers == [0, 1, 2, 3] and not writer.open
    (complaint,) = caplog.records
    assert complaint.levelno == logging.ERROR
    assert complaint.message == (
        "RECORDING HAS STOPPED until the next start: [Errno 28] No space left on device"
    )


@pytest.mark.parametrize(
    "then",
    [
        lambda recorder: end(recorder, ClosedDoor(START, (), ())),
        lambda recorder: recorder.missed(1),
        lambda recorder: recorder.close(),
    ],
)
def test_no_file_stays_open_when_nobody_is_in_view(then: Callable[[Recorder], None]) -> None:
    writer = FakeWriter()
    recorder = Recorder(writer)
    a_visit(recorder)
    assert not writer.open
    show(recorder, a_door().see([ADA], 0.0))
    assert writer.open == {"s"}
    then(recorder)
    assert not writer.open


def test_what_is_written_before_a_torn_record_can_be_read(tmp_path: Path) -> None:
    recorder = Recorder.in_folder(tmp_path)
    a_visit(recorder)
    (path,) = tmp_path.rglob("*.rec")
    os.truncate(path, path.stat().st_size - 100)
    assert times(tmp_path) == [number * 0.5 for number in range(8)]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for the size of files")
def test_a_record_that_is_written_in_part_only_counts_as_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import resource

    recorder = Recorder.in_folder(tmp_path, pictures=True)
    door = a_door()
    show(recorder, replace(door.see([ADA], 0.0), jpeg=bytes(1 << 20)))
    (path,) = tmp_path.rglob("*.rec")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        show(recorder, door.see([ADA], 0.5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    show(recorder, door.see([ADA], 1.0))
    assert times(tmp_path) == [0.0]
    assert "RECORDING HAS STOPPED" in caplog.text and "only 100 of" in caplog.text


def test_recording_leaves_room_for_the_access_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    free = iter([RESERVE_BYTES, RESERVE_BYTES, RESERVE_BYTES - 1])
    recorder = Recorder(RecordingWriter(tmp_path, "run", lambda _: next(free)), pictures=True)
    door = a_door()
    for number in range(6):
        show(recorder, replace(door.see([ADA], number * 0.5), jpeg=bytes(CHECK_BYTES // 2)))
    assert times(tmp_path) == [0.0, 0.5, 1.0, 1.5], "the disk is looked at in between, not each time"
    assert "RECORDING HAS STOPPED" in caplog.text and "499 MB are free" in caplog.text


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder.in_folder(tmp_path / "r")
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "r" / "2026-11-22").mkdir()
    (tmp_path / "r" / "2026-11-22" / "s.rec").symlink_to(elsewhere)
    a_visit(recorder)
    assert not elsewhere.exists() and "RECORDING HAS STOPPED" in caplog.text


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Recorder.in_folder(tmp_path / "file")
