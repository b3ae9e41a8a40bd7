"""A line is on disk before `append` returns, or is not there at all; rotation loses none."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from server.audit.durable import REWRITE_SECONDS, DurableLog
from server.support import osdep

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "access_log.txt"


@pytest.fixture
def log(path: Path) -> Iterator[DurableLog]:
    log = DurableLog(path)
    yield log
    log.close()


def copytruncate(path: Path) -> Path:
    copy = path.with_suffix(".1")
    shutil.copy(path, copy)
    os.truncate(path, 0)
    return copy


def fail(*args: object) -> Any:
    raise OSError(errno.EIO, "Input/output error")


def test_lines_are_added_in_order(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    log.append(["two", "three"])
    log.append([])
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_folder_and_file_are_made_at_once(log: DurableLog, path: Path) -> None:
    assert path.read_bytes() == b""


def test_what_was_there_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"old\n")
    log = DurableLog(path)
    log.append(["new"])
    log.close()
    assert path.read_bytes() == b"old\nnew\n"


@pytest.mark.parametrize("torn", [b"torn", b"whole\ntorn"])
def test_a_torn_line_is_ended_first(path: Path, torn: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(torn)
    log = DurableLog(path)
    log.append(["new"])
    log.close()
    assert path.read_bytes() == torn + b"\nnew\n"


def test_what_is_no_text_is_written_all_the_same(log: DurableLog, path: Path) -> None:
    log.append(["Zoë \udcff"])
    assert path.read_bytes() == "Zoë \\udcff\n".encode()


def test_the_line_is_flushed_to_disk_before_append_returns(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[bool, bytes]] = []

    def record(file: IO[bytes]) -> None:
        flushed.append((os.path.samestat(os.fstat(file.fileno()), path.stat()), path.read_bytes()))

    monkeypatch.setattr(osdep, "flush_to_disk", record)
    log.append(["one"])
    assert flushed == [(True, b"one\n")]


@posix
def test_flushing_means_fsync(log: DurableLog, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.delattr("server.support.osdep.fcntl.F_FULLFSYNC", raising=False)
    log.append(["one"])
    assert len(synced) == 1


@posix
def test_a_disk_with_a_cache_of_its_own_is_flushed_too(
    log: DurableLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr("server.support.osdep.fcntl.F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr("server.support.osdep.fcntl.fcntl", lambda file, call: calls.append(call))
    log.append(["one"])
    assert calls == [51]


@posix
def test_the_name_of_a_new_file_is_made_durable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[str] = []
    monkeypatch.setattr(osdep, "flush_folder_to_disk", folders.append)
    log = DurableLog(path)
    path.unlink()
    log.append(["one"])
    log.close()
    assert folders == [str(path.parent)] * 2


def test_when_flushing_fails_no_trace_is_left(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(["one"])
    with monkeypatch.context() as patch:
        patch.setattr(osdep, "flush_to_disk", fail)
        with pytest.raises(OSError, match="Input/output error"):
            log.append(["lost"])
    assert path.read_bytes() == b"one\n"
    log.append(["two"])
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_failed_line_does_not_come_back_after_rotation(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(["one"])
    with monkeypatch.context() as patch:
        patch.setattr(osdep, "flush_to_disk", fail)
        with pytest.raises(OSError, match="Input/output error"):
            log.append(["lost"])
    copytruncate(path)
    log.append(["two"])
    assert b"lost" not in path.read_bytes()


@posix
def test_a_full_disk_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    """In a process of its own, whose files may have 100 bytes."""
    script = """
import resource, signal, sys
from pathlib import Path
from server.audit.durable import DurableLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
log = DurableLog(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
log.append(["x" * 89])
for length in (50, 9):
    try:
        log.append(["y" * length])
        print("written", path.stat().st_size)
    except OSError as error:
        print(type(error).__name__, error.strerror, path.stat().st_size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
    command = [sys.executable, "-c", script, str(tmp_path / "log.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["OSError only 10 of 51 bytes fit 90", "written 100"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log.txt").symlink_to("/dev/full")
    log = DurableLog(tmp_path / "log.txt")
    with pytest.raises(OSError, match="No space left"):
        log.append(["one"])
    log.close()


def test_rotation_by_renaming(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    path.rename(path.with_suffix(".1"))
    log.append(["two"])
    assert path.with_suffix(".1").read_bytes() == b"one\n"
    assert path.read_bytes() == b"two\n"


def test_rotation_by_renaming_and_creating(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    path.rename(path.with_suffix(".1"))
    path.write_bytes(b"")
    log.append(["two"])
    log.append(["three"])
    assert path.read_bytes() == b"two\nthree\n"


def test_after_renaming_nothing_is_written_twice(log: DurableLog, path: Path) -> None:
    log.append(["one", "one and a half"])
    path.rename(path.with_suffix(".1"))
    log.append(["two"])
    copytruncate(path)
    log.append(["three"])
    assert path.read_bytes() == b"two\nthree\n"


def test_a_deleted_file_is_made_again(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    path.unlink()
    log.append(["two"])
    assert path.read_bytes() == b"two\n"


def test_copytruncate_loses_no_line_written_in_between(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    copy = path.with_suffix(".1")
    shutil.copy(path, copy)
    log.append(["between"])
    os.truncate(path, 0)
    log.append(["two"])
    lines = copy.read_text().splitlines() + path.read_text().splitlines()
    assert {"one", "between", "two"} <= set(lines)
    assert path.read_text().splitlines()[-2:] == ["between", "two"]


def test_copytruncate_twice_loses_no_line(log: DurableLog, path: Path) -> None:
    copies = []
    for number in range(3):
        log.append([f"line {number}"])
        copies.append(copytruncate(path).read_text())
    log.append(["last"])
    log.append(["very last"])
    assert copies == ["line 0\n", "line 0\nline 1\n", "line 1\nline 2\n"]
    assert path.read_text() == "line 2\nlast\nvery last\n"


def test_a_truncation_is_noticed_when_the_log_is_closed(path: Path) -> None:
    log = DurableLog(path)
    log.append(["one"])
    os.truncate(path, 0)
    log.close()
    assert path.read_bytes() == b"one\n"


def test_only_what_was_written_shortly_before_is_written_again(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    clock = iter([now - REWRITE_SECONDS - 5, now - 1, now])
    monkeypatch.setattr("server.audit.durable.time.time", lambda: next(clock))
    log.append(["old"])
    log.append(["recent"])
    copytruncate(path)
    os.utime(path, (now, now))
    log.append(["new"])
    assert path.read_bytes() == b"recent\nnew\n"


def test_a_truncation_of_long_ago_brings_nothing_back(log: DurableLog, path: Path) -> None:
    log.append(["one"])
    copytruncate(path)
    later = time.time() + REWRITE_SECONDS + 5
    os.utime(path, (later, later))
    log.append(["two"])
    assert path.read_bytes() == b"two\n"


def test_what_is_remembered_does_not_grow_for_ever(log: DurableLog, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("server.audit.durable.time.time", lambda: now[0])
    for _ in range(100):
        log.append(["line"])
        now[0] += 1
    assert len(log._recent) == REWRITE_SECONDS + 1


def test_lines_lost_to_truncation_wait_until_the_disk_takes_them(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(["one"])
    os.truncate(path, 0)
    with monkeypatch.context() as patch:
        patch.setattr(osdep, "flush_to_disk", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output error"):
                log.append(["denied"])
    log.append(["two"])
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_log_that_could_not_be_opened_again_is_tried_again(
    log: DurableLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(["one"])
    path.rename(path.with_suffix(".1"))
    with monkeypatch.context() as patch:
        patch.setattr(osdep, "private_opener", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output error"):
                log.append(["denied"])
    log.append(["two"])
    assert path.read_bytes() == b"two\n"
    assert path.with_suffix(".1").read_bytes() == b"one\n"


def test_a_folder_in_the_place_of_the_log_is_an_error_until_it_goes(log: DurableLog, path: Path) -> None:
    path.unlink()
    path.mkdir()
    for _ in range(2):
        with pytest.raises(OSError, match=r"directory|Permission"):
            log.append(["denied"])
    path.rmdir()
    log.append(["two"])
    assert path.read_bytes() == b"two\n"


def test_a_log_that_cannot_be_opened_is_an_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"directory|Permission"):
        DurableLog(path)


@posix
def test_the_log_is_for_its_owner_and_group(log: DurableLog, path: Path) -> None:
    assert path.stat().st_mode & 0o777 & ~0o640 == 0
    path.unlink()
    log.append(["one"])
    assert path.stat().st_mode & 0o777 & ~0o640 == 0
    assert path.stat().st_mode & 0o600 == 0o600
