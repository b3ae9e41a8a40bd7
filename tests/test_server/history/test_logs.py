"""Logs are found with their rotations and read line by line; what cannot be read is counted, never lost."""

import gzip
import os
from pathlib import Path

import pytest

from server.audit import log_files
from server.history.logs import Logs, oldest_first, rotations
from server.history.tables import ACT, DECISION
from server.support.clock import milliseconds
from tests.support.histories import act, entry, minutes, write_log

EVER = -(2**63)


def read(logs: Logs, *paths: Path) -> list[str]:
    """Ids of decisions, and photos of acts."""
    return [
        str(line.row["id"] if line.table is DECISION else line.row["details"]) for line in logs.lines(paths)
    ]


def test_rotations_come_oldest_first_whatever_they_are_called(tmp_path: Path) -> None:
    names = ["access_log.txt-20261101", "access_log.txt.10", "access_log.txt.2.gz", "access_log.1.txt"]
    for number, name in enumerate([*names, "access_log.txt"]):
        path = write_log(tmp_path / name, b"" if number % 2 else b"\nrubbish\n", entry(number))
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
    write_log(tmp_path / "operator_log.txt", act(-1))
    write_log(tmp_path / "enrolment_log.txt", entry(77))
    write_log(tmp_path / "access_log.txt-20260101")
    (tmp_path / "access_log.d").mkdir()
    found = [path.name for path in rotations(tmp_path)]
    assert found == ["operator_log.txt", *names, "access_log.txt", "access_log.txt-20260101"]
    assert read(Logs(EVER), *rotations(tmp_path)) == ['{"photo": "-1.jpg"}', "d0", "d1", "d2", "d3", "d4"]


def test_lines_of_both_logs_are_told_apart(tmp_path: Path) -> None:
    path = write_log(tmp_path / "mixed", entry(1), act(2), entry(3))
    assert [(line.number, line.table) for line in Logs(EVER).lines([path])] == [
        (1, DECISION),
        (2, ACT),
        (3, DECISION),
    ]


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    torn = entry(2).line().encode()[:40] + b"\n"
    path = write_log(tmp_path / "a", entry(1), torn, b"\xff\n", bytes(10) + b"\n", b"\n", entry(3), b"torn")
    logs = Logs(EVER)
    assert read(logs, path) == ["d1", "d3"]
    assert logs.unreadable == {path: [2, 3, 4, 7]} and logs.broken == {}


def test_a_line_without_end_is_not_taken_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "LINE_BYTES", 1000)
    path = write_log(tmp_path / "a", b"x" * 2500 + b"\n", entry(1))
    logs = Logs(EVER)
    assert read(logs, path) == ["d1"] and logs.unreadable == {path: [1, 2, 3]}


def test_a_line_that_stands_in_two_files_counts_once(tmp_path: Path) -> None:
    """As copytruncate leaves them."""
    before = write_log(tmp_path / "access_log.txt.1", entry(1), entry(2), entry(3))
    after = write_log(tmp_path / "access_log.txt", entry(2), entry(3), entry(4))
    logs = Logs(EVER)
    assert read(logs, before, after) == ["d1", "d2", "d3", "d4"] and logs.repeated == 2


def test_lines_that_end_as_on_windows_are_the_same_lines(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a", entry(1).line().encode() + b"\r\n", entry(1))
    logs = Logs(EVER)
    assert read(logs, path) == ["d1"] and logs.repeated == 1


def test_old_lines_are_counted_and_left_out(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a", entry(1), entry(2), entry(3))
    logs = Logs(milliseconds(minutes(2)))
    assert read(logs, path) == ["d2", "d3"] and logs.old == 1


def test_a_file_that_breaks_off_is_read_so_far_and_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(entry(number).line().encode() + b"\n" for number in range(2000)))
    torn, damaged, gone = tmp_path / "torn.gz", tmp_path / "damaged.gz", tmp_path / "gone"
    torn.write_bytes(whole[: len(whole) // 2])
    damaged.write_bytes(whole[:500] + os.urandom(500) + whole[1000:])
    logs = Logs(EVER)
    assert 0 < len(read(logs, torn, damaged, gone)) < 2000
    assert set(logs.broken) == {torn, damaged, gone} and "No such file" in logs.broken[gone]
    assert oldest_first([gone, torn]) == [torn, gone]
