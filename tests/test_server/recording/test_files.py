"""Recordings on disk: torn, damaged and foreign files, the order of records, and their end."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from server.access.observed import ClosedDoor
from server.recording import files
from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.files import Recording, clean, find, in_order, keep_clean
from server.recording.format import MAX_RECORD_BYTES, FormatError, pack, pack_header
from tests.support.recorded import START
from wire.framing import HEADER


def record(number: int) -> bytes:
    return pack(RecordedEntry(number, ClosedDoor(START, (), ())))


def a_file(path: Path, numbers: list[int], run: str = "run", hour: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = RecordingHeader(run, path.stem, "front", numbers[0], START.replace(hour=hour), {})
    path.write_bytes(pack_header(header) + b"".join(record(number) for number in numbers))
    return path


def numbers(recording: Recording) -> list[int]:
    return [entry.number for entry in recording.entries()]


def test_a_file_is_read_up_to_a_torn_record_wherever_it_is_torn(tmp_path: Path) -> None:
    path = a_file(tmp_path / "s.rec", [1, 2, 3])
    whole = path.read_bytes()
    for lost in range(1, len(record(3)) + 1):
        path.write_bytes(whole[:-lost])
        recording = Recording(path)
        assert numbers(recording) == [1, 2] and recording.complaint is None


def test_a_damaged_record_is_told_and_what_came_before_is_read(tmp_path: Path) -> None:
    path = a_file(tmp_path / "s.rec", [1, 2])
    for damage in (HEADER.pack(3) + b"abc", HEADER.pack(MAX_RECORD_BYTES + 1), b"\xff" * 100):
        path.write_bytes(a_file(path, [1, 2]).read_bytes() + damage + record(3))
        recording = Recording(path)
        assert numbers(recording) == [1, 2]
        assert recording.complaint is not None and "damaged" in recording.complaint
        assert numbers(recording) == [1, 2]


def test_a_file_that_goes_while_it_is_read_is_told(tmp_path: Path) -> None:
    recording = Recording(a_file(tmp_path / "s.rec", [1]))
    recording.path.unlink()
    assert numbers(recording) == [] and "No such file" in str(recording.complaint)


def test_foreign_and_unreadable_files_are_told_and_the_others_are_found(tmp_path: Path) -> None:
    good = a_file(tmp_path / "2026-11-22" / "b.rec", [1])
    day = good.parent
    (day / "a.rec").write_bytes(b"")
    (day / "c.rec").write_bytes(b"JPEG" * 100)
    (day / "d.rec").write_bytes(good.read_bytes()[:20])
    (day / "notes").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(day / "pipe.rec")  # must not be waited for
    (tmp_path / "2026-11-22.txt").write_text("not a day")
    a_file(tmp_path / "backup" / "x.rec", [1])
    found, problems = find(tmp_path)
    assert [recording.path for recording in found] == [good]
    assert [problem.split(":")[0] for problem in problems] == [
        str(day / name)
        for name in ("a.rec", "c.rec", "d.rec", "notes", "pipe.rec")
        if name != "pipe.rec" or hasattr(os, "mkfifo")
    ]
    with pytest.raises(FormatError, match="broken off"):
        Recording(day / "a.rec")
    assert find(tmp_path / "missing") == ([], [])


def test_days_before_the_span_are_not_looked_at(tmp_path: Path) -> None:
    for day in (20, 21, 22):
        a_file(tmp_path / f"2026-11-{day}" / "s.rec", [day])
    found, _ = find(tmp_path, date(2026, 11, 21))
    assert [recording.path.parent.name for recording in found] == ["2026-11-21", "2026-11-22"]


def test_records_come_in_the_order_in_which_they_were_taken_run_after_run(tmp_path: Path) -> None:
    folder = tmp_path / "2026-11-22"
    a_file(folder / "z.rec", [0, 3, 4, 9])
    a_file(folder / "y.rec", [1, 2, 8])
    a_file(folder / "x.rec", [5, 6, 7], hour=9)
    a_file(folder / "a.rec", [0, 1], run="next", hour=10)
    a_file(folder / "b.rec", [0], run="first", hour=7)
    order = [(recording.header.run, entry.number) for recording, entry in in_order(find(tmp_path)[0])]
    assert order == [("first", 0), *(("run", number) for number in range(10)), ("next", 0), ("next", 1)]


def test_no_more_files_are_open_than_sessions_went_on_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(0, 40, 2):
        a_file(tmp_path / "2026-11-22" / f"{number}.rec", [number, number + 1])
    at_once, most = 0, 0
    entries = Recording.entries

    def counted(self: Recording):  # type: ignore[no-untyped-def]
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        yield from entries(self)
        at_once -= 1

    recordings, _ = find(tmp_path)
    monkeypatch.setattr(Recording, "entries", counted)
    assert [entry.number for _, entry in in_order(recordings)] == list(range(40))
    assert most <= 2


def test_days_older_than_the_limit_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    for day in (14, 15, 22):
        a_file(tmp_path / f"2026-11-{day}" / "s.rec", [1])
    a_file(tmp_path / "2026-11-10" / "s.rec", [1])
    (tmp_path / "2026-11-10" / "mine.txt").write_text("kept")
    a_file(tmp_path / "backup" / "s.rec", [1])
    assert clean(tmp_path, 7, date(2026, 11, 22)) == 2
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"2026-11-10/mine.txt", "2026-11-15/s.rec", "2026-11-22/s.rec", "backup/s.rec"}
    assert not (tmp_path / "2026-11-14").exists()
    assert clean(tmp_path / "missing", 7, date(2026, 11, 22)) == 0


def test_old_recordings_go_while_the_server_runs_and_a_failure_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: Iterator[OSError | int] = iter([OSError("busy"), OSError("busy"), 3, 0, OSError("busy")])
    looked, eighth = 0, asyncio.Event()
    told: list[Callable[[], object]] = []

    def cleaned(folder: Path, days: int, today: date) -> int:
        nonlocal looked
        looked += 1
        if looked == 8:
            told[0]()
        assert (folder, days) == (tmp_path, 7)
        outcome = next(outcomes, 0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    monkeypatch.setattr(files, "clean", cleaned)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        told.append(lambda: loop.call_soon_threadsafe(eighth.set))
        keeping = asyncio.ensure_future(keep_clean(tmp_path, 7, every=0.0))
        await asyncio.wait_for(eighth.wait(), 10)
        keeping.cancel()

    with caplog.at_level(logging.INFO):
        asyncio.run(asyncio.wait_for(run(), 10))
    failed = "RECORDINGS NOT DELETED after 7 days: busy"
    assert [each.message for each in caplog.records if each.name == files.__name__] == [
        failed,
        "recordings older than 7 days: 3 deleted",
        failed,
    ]
