"""The store of visits that are over: whatever becomes of its file, the server starts and doors go on."""

import logging
import os
import random
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.access.outcome import VisitSummary
from server.events import VisitOver
from server.recording.visit_store import CLEAN_SECONDS, KEEP_DAYS, MAX_WAITING, VisitStore
from server.recording.visits import StoredVisit, read
from tests.support.summaries import UNDECIDED, summary

NOW = datetime.now()


def over(visit: VisitSummary, moment: datetime = NOW) -> VisitOver:
    return VisitOver("front", moment, visit)


def a_file(path: Path, visits: int = 200) -> Path:
    """A good one, of several pages."""
    store = VisitStore(path)
    for number in range(visits):
        store.take(over(summary(number / 1000)))
    store.close()
    return path


def distances(path: Path) -> list[float | None]:
    visits, damaged = read(path)
    assert not damaged
    return [visit.distance for visit in visits]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "visits.sqlite3"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return a_file(tmp_path_factory.mktemp("good") / "visits.sqlite3").read_bytes()


def test_visits_are_written_at_once_privately_and_gone_on_with(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = VisitStore(path)
    store.take(over(summary(0.2)))
    store.take(over(UNDECIDED, NOW + timedelta(seconds=1)))
    expected = [
        StoredVisit.of("front", NOW, summary(0.2)),
        StoredVisit.of("front", NOW + timedelta(seconds=1), UNDECIDED),
    ]
    assert read(path) == (expected, 0), "before the server ends"
    store.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = VisitStore(path)
    again.take(over(summary(0.3), NOW + timedelta(seconds=2)))
    again.missed()
    again.close()
    assert distances(path) == [0.2, None, 0.3]
    assert os.listdir(path.parent) == [path.name] and not caplog.records


def test_visits_are_forgotten_at_the_start_and_every_hour(path: Path) -> None:
    now = [NOW.timestamp()]
    limit = NOW - timedelta(days=KEEP_DAYS)
    store = VisitStore(path, lambda: now[0])
    store.take(over(summary(0.1), limit - timedelta(hours=1)))
    store.take(over(summary(0.2), limit + timedelta(minutes=30)))
    store.take(over(summary(0.3), limit + timedelta(minutes=90)))
    store.close()
    assert distances(path) == [0.1, 0.2, 0.3]
    store = VisitStore(path, lambda: now[0])
    assert distances(path) == [0.2, 0.3]
    now[0] += CLEAN_SECONDS - 1
    store.take(over(summary(0.4)))
    assert distances(path) == [0.2, 0.3, 0.4]
    now[0] += 1
    store.take(over(summary(0.5)))
    assert distances(path) == [0.3, 0.4, 0.5]
    store.close()


def flipped_page(data: bytes) -> bytes:
    middle = len(data) // 4096 // 2 * 4096
    return data[:middle] + bytes(255 - byte for byte in data[middle : middle + 4096]) + data[middle + 4096 :]


def of_another_program(_: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE song (name TEXT)")
        return dumped(database)


def of_another_layout(_: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE visit (moment REAL, name TEXT)")
        return dumped(database)


def dumped(database: sqlite3.Connection) -> bytes:
    """The bytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with closing(sqlite3.connect(path)) as file:
            database.backup(file)
        return path.read_bytes()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "garbage header": lambda data: b"\xffgarbage" * 2 + data[16:],
    "garbage": lambda data: b"not a database" * 100,
    "torn off": lambda data: data[: len(data) // 2],
    "torn off in the header": lambda data: data[:60],
    "another program": of_another_program,
    "another layout": of_another_layout,
    "flipped page": flipped_page,
    "empty pages": lambda data: data[:4096] + bytes(len(data) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    path: Path, good: bytes, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = DAMAGES[damage](good)
    path.write_bytes(data)
    journal = path.with_name("visits.sqlite3-journal")
    journal.write_bytes(b"of the damaged one")
    store = VisitStore(path)
    (line,) = lines(caplog)
    assert line.startswith(f"{path} is damaged (") and "\n" not in line
    assert line.endswith("): set aside as visits.sqlite3.damaged and begun anew")
    store.take(over(summary(0.2)))
    store.close()
    assert distances(path) == [0.2] and not journal.exists()
    aside = path.with_name("visits.sqlite3.damaged")
    assert aside.read_bytes() == data and stat.S_IMODE(aside.stat().st_mode) == 0o600
    path.write_bytes(b"damaged again")
    VisitStore(path).close()
    assert aside.read_bytes() == b"damaged again", "one is kept"
    assert len(lines(caplog)) == 2


def test_whatever_byte_is_damaged_the_server_starts_and_visits_are_kept(path: Path, good: bytes) -> None:
    chance = random.Random(7)
    aside = 0
    for _ in range(60):
        at = chance.randrange(100, len(good))
        path.write_bytes(good[:at] + chance.randbytes(8) + good[at + 8 :])
        store = VisitStore(path)
        store.take(over(summary(0.777)))
        store.close()
        visits, _ = read(path)
        assert 0.777 in [visit.distance for visit in visits]
        aside += len(visits) == 1
    assert aside, "some were beyond repair"


def test_an_empty_file_is_used(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.touch(mode=0o644)
    store = VisitStore(path)
    store.take(over(summary(0.2)))
    store.close()
    assert distances(path) == [0.2] and not caplog.records
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_damage_while_the_server_runs_loses_no_new_visit(
    path: Path, good: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(good)
    store = VisitStore(path)
    path.write_bytes(b"not a database" * 1000)
    for distance in (0.2, 0.3, 0.4):
        store.take(over(summary(distance)))
    store.close()
    assert distances(path) == [0.2, 0.3, 0.4]
    assert [line.split(":")[0].split(" (")[0] for line in lines(caplog)] == [
        f"visits are missing from {path}",
        f"{path} is damaged",
    ]


def in_the_way(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    a_file(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("missing"))


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no links, no pipes")
@pytest.mark.parametrize("obstacle", [in_the_way, a_link, a_link_to_nothing, a_pipe])
def test_what_is_no_file_is_left_alone_said_once_and_waited_for(
    path: Path, obstacle: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    obstacle(path)
    before = {each.name: each.lstat().st_mtime_ns for each in path.parent.iterdir()}
    store = VisitStore(path)
    assert lines(caplog) == [f"visits are missing from {path}: something that is no file is in its place"]
    store.take(over(summary(0.2)))
    assert len(lines(caplog)) == 1
    assert {each.name: each.lstat().st_mtime_ns for each in path.parent.iterdir()} == before
    path.rmdir() if path.is_dir() else path.unlink()
    store.take(over(summary(0.3)))
    assert distances(path) == [0.2, 0.3], "the first one has waited"
    path.unlink()
    store.close()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    path = Path("/proc/self/visits.sqlite3")
    store = VisitStore(path)
    store.take(over(summary(0.2)))
    store.close()
    (line,) = lines(caplog)
    assert line.startswith(f"visits are missing from {path}: ")
    assert caplog.records[0].levelno == logging.ERROR


def test_a_file_that_another_program_has_locked_is_neither_damaged_nor_given_up(
    path: Path, good: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(good)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        store = VisitStore(path)
        store.take(over(summary(0.7)))
        assert lines(caplog) == [f"visits are missing from {path}: database is locked"]
        other.execute("ROLLBACK")
    store.take(over(summary(0.8)))
    assert distances(path)[-2:] == [0.7, 0.8] and len(distances(path)) == 202
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.take(over(summary(0.9)))
        other.execute("ROLLBACK")
    assert len(lines(caplog)) == 2, "it had gone right in between"
    store.close()
    assert distances(path)[-1] == 0.9, "the end is the last chance"


def test_only_so_many_visits_wait(path: Path) -> None:
    path.mkdir()
    store = VisitStore(path)
    for number in range(MAX_WAITING + 5):
        store.take(over(summary(float(number))))
    path.rmdir()
    store.close()
    assert distances(path) == [float(number) for number in range(5, MAX_WAITING + 5)]
