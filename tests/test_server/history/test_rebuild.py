"""The history made again from the logs: as if it had been there all the time, and nothing else is lost."""

import os
import sqlite3
import stat
from collections.abc import Iterable
from contextlib import closing
from operator import methodcaller
from pathlib import Path

import pytest
from sqlalchemy import text

from server.access.decision import Nearest
from server.audit.access_log import AccessEntry
from server.audit.operator_log import Act
from server.database.database import Database, DatabaseError, address_at, address_of, file_of, opened
from server.events import Acted, Decided
from server.history import carry
from server.history.carry import OldFile
from server.history.kept import TerminalEventKind
from server.history.logs import LogLine, Logs
from server.history.queries import Which, acts, decisions, known_names, terminal_events, visits
from server.history.rebuild import Rebuilt, rebuild
from server.history.recorder import HistoryRecorder
from server.history.rows import act_row, terminal_event_row, visit_row
from server.history.tables import ACT, TERMINAL_EVENT, VISIT
from server.history.writing import add
from tests.support.histories import act, decision, entry, fill, minutes, write_log
from tests.support.summaries import summary
from wire.reasons import Reason

NEAREST = (Nearest("Ada", 0.5), Nearest("Bob", 0.7))


def lines_of(folder: Path, *lines: AccessEntry | Act | bytes) -> Iterable[LogLine]:
    return Logs(-(2**63)).lines([write_log(folder / "a log", *lines)])


def ids(address: str) -> list[str]:
    with opened(address) as database:
        return [each.id for each in reversed(database.read_here(decisions))]


def count(address: str, table: str) -> int:
    with opened(address) as database:
        return int(
            database.read_here(lambda each: each.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
        )


def with_everything(database: Database) -> None:
    """Something in every table, also of other parts."""
    fill(database, decision(1, nearest=NEAREST), decision(2))
    rows = [
        (VISIT, visit_row("front", minutes(1), summary(0.2))),
        (TERMINAL_EVENT, terminal_event_row(minutes(1), "front", TerminalEventKind.LEFT, "s")),
        (ACT, act_row(act(1))),
    ]
    database.write_here(lambda connection: add(connection, rows))
    others = (
        "INSERT INTO account (number, name, role, disabled, created) VALUES (7, 'jane', 'admin', false, 1)",
        "INSERT INTO session (hash, account, source, agent, created, seen) VALUES ('h', 7, 's', 'a', 1, 1)",
    )
    for other in others:
        database.write_here(methodcaller("execute", text(other)))


def test_a_history_made_of_the_logs_is_the_one_that_was_recorded(address: str, tmp_path: Path) -> None:
    lines = [
        entry(1),
        entry(2, None, "back door", Reason.UNKNOWN_FACE),
        entry(2, '"\n', reason=Reason.UNDELIVERED),
    ]
    with opened(address) as database:
        recorder = HistoryRecorder(database, 99999, lambda: None)
        for line in lines:
            recorder.take(Decided(line.terminal, line.decision, (line,)))
        recorder.take(Acted(act(3)))
        recorder.close()
        recorded = database.read_here(decisions), database.read_here(acts)
    path = file_of(address)
    if path is not None:
        path.unlink()
    rebuilt = rebuild(address, lines_of(tmp_path, *lines, act(3)))
    with opened(address) as database:
        again = database.read_here(decisions), database.read_here(acts)
    if path is not None:
        assert again == recorded
    assert [(each.id, each.name, each.reason) for each in again[0]] == [
        (each.id, each.name, each.reason) for each in recorded[0]
    ]
    assert rebuilt.made == {"decision": 3, "act": 1}


def test_what_no_log_tells_of_is_kept(address: str, tmp_path: Path) -> None:
    with opened(address) as database:
        with_everything(database)
        before = [database.read_here(each) for each in (visits, terminal_events)]
    rebuilt = rebuild(address, lines_of(tmp_path, entry(1), entry(2), entry(3), act(1), act(2)))
    with opened(address) as database:
        third, second, first = database.read_here(decisions)
        assert (first.nearest, second.nearest, third.nearest) == (NEAREST, (), ())
        assert [each.moment for each in database.read_here(acts)] == [minutes(2), minutes(1)]
        assert [database.read_here(each) for each in (visits, terminal_events)] == before
    assert count(address, "account") == count(address, "session") == 1
    assert rebuilt.made == {"decision": 3, "act": 2} and rebuilt.damage == {} and rebuilt.aside is None
    assert rebuilt.kept["decision"] == rebuilt.kept["act"] == 0


def test_what_is_older_or_newer_than_the_logs_is_kept_and_the_logs_are_right_in_between(
    address: str, tmp_path: Path
) -> None:
    with opened(address) as database:
        fill(database, *(decision(number, "Old") for number in (1, 2, 5, 8, 9)))
    rebuilt = rebuild(address, lines_of(tmp_path, entry(3, "New"), entry(5, "New"), entry(7, "New")))
    assert ids(address) == ["d1", "d2", "d3", "d5", "d7", "d8", "d9"]
    with opened(address) as database:
        old = database.read_here(lambda each: decisions(each, Which(person="Old")))
        assert [each.id for each in old] == ["d9", "d8", "d2", "d1"]
    assert (rebuilt.made["decision"], rebuilt.kept["decision"]) == (3, 4)


def test_without_lines_everything_is_kept(address: str, tmp_path: Path) -> None:
    with opened(address) as database:
        with_everything(database)
    rebuilt = rebuild(address, lines_of(tmp_path))
    assert ids(address) == ["d1", "d2"] and rebuilt.kept["act"] == 1


def test_what_fails_changes_nothing(address: str, tmp_path: Path) -> None:
    with opened(address) as database:
        with_everything(database)

    def failing() -> Iterable[LogLine]:
        yield from lines_of(tmp_path, *(entry(number) for number in range(10, 20)))
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        rebuild(address, failing())
    assert ids(address) == ["d1", "d2"] and count(address, "account") == 1


# Files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "doorward.sqlite3"


def made(path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    with opened(address_at(path)) as database:
        with_everything(database)
    return address_at(path)


def left(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_nothing_is_left_over_and_the_file_is_private_and_well(path: Path, tmp_path: Path) -> None:
    address = made(path)
    for rest in (".new", ".new-wal", ".new-shm"):  # of a rebuild that was broken off
        path.with_name(path.name + rest).write_bytes(b"rest")
    rebuild(address, lines_of(tmp_path, *map(entry, range(100))))
    assert left(path) == [path.name] and stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert (
            len(file.execute("SELECT name FROM sqlite_master WHERE name LIKE 'ix_decision_%'").fetchall())
            == 5
        )
        assert file.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'decision'").fetchone() == (5,)


def test_there_need_not_be_a_database_before(tmp_path: Path) -> None:
    address = address_of(tmp_path, None)
    assert rebuild(address, lines_of(tmp_path, entry(1))) == Rebuilt(
        made={"decision": 1, "act": 0},
        spans={"decision": carry.Span.reaching(None, round(minutes(1).timestamp() * 1000))},
    )
    assert ids(address) == ["d1"]


def test_the_numbers_of_rows_that_are_gone_are_not_given_again(path: Path, tmp_path: Path) -> None:
    address = made(path)
    with opened(address) as database:
        database.write_here(lambda each: each.execute(text("DELETE FROM visit")))
    rebuild(address, lines_of(tmp_path))
    with opened(address) as database:
        row = visit_row("front", minutes(1), summary(0.2))
        database.write_here(lambda each: add(each, [(VISIT, row)]))
        assert database.read_here(visits)[0].place.number == 2


@pytest.mark.parametrize("data", [b"no database" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_cannot_be_read_at_all_is_set_aside(path: Path, tmp_path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    path.with_name(f"{path.name}-shm").write_bytes(b"rest")
    rebuilt = rebuild(address_at(path), lines_of(tmp_path, entry(1)))
    assert left(path) == [path.name, f"{path.name}.damaged", f"{path.name}.damaged-shm"]
    assert ids(address_at(path)) == ["d1"]
    assert rebuilt.aside == path.with_name(f"{path.name}.damaged") and rebuilt.aside.read_bytes() == data
    assert rebuilt.damage


def damage_pages_of(path: Path, table: str) -> None:
    """Every page of it but the first."""
    with closing(sqlite3.connect(path)) as file:
        size = file.execute("PRAGMA page_size").fetchone()[0]
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = file.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(data)


def test_of_a_damaged_file_what_can_be_read_is_kept(path: Path, tmp_path: Path) -> None:
    address = made(path)
    damage_pages_of(path, "visit")
    with pytest.raises(DatabaseError):
        Database.open(address)
    rebuilt = rebuild(address, lines_of(tmp_path, entry(1), entry(2)))
    assert list(rebuilt.damage) == ["visit"] and rebuilt.aside is not None
    assert ids(address) == ["d1", "d2"]
    assert count(address, "account") == count(address, "terminal_event") == 1 and count(address, "visit") == 0


def test_what_belongs_to_something_that_cannot_be_read_goes_with_it(path: Path, tmp_path: Path) -> None:
    address = made(path)
    damage_pages_of(path, "account")
    rebuilt = rebuild(address, lines_of(tmp_path, entry(1), entry(2)))
    assert "account" in rebuilt.damage and rebuilt.kept["session"] == 0
    assert count(address, "account") == count(address, "session") == 0 and count(address, "visit") == 1


def test_the_tables_of_another_program_or_version_are_not_replaced(path: Path, tmp_path: Path) -> None:
    address = made(path)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(DatabaseError, match="of another version; start this one's server once"):
        rebuild(address, lines_of(tmp_path, entry(5)))
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DROP TABLE alembic_version")
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="the tables of another program"):
        rebuild(address, lines_of(tmp_path, entry(5)))
    assert path.read_bytes() == before


def test_a_file_that_somebody_is_writing_to_is_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "LOCK_SECONDS", 0.05)
    address = made(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="database is locked"):
            rebuild(address, lines_of(tmp_path, entry(5)))
    assert ids(address) == ["d1", "d2"]


def test_nobody_can_write_to_a_file_that_is_being_replaced(path: Path) -> None:
    made(path)
    other = closing(sqlite3.connect(path, timeout=0.05))
    with closing(OldFile(path)), other as file, pytest.raises(sqlite3.OperationalError, match="locked"):
        file.execute("DELETE FROM visit")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can leave files to others")
def test_what_root_makes_is_the_servers(path: Path, tmp_path: Path) -> None:
    address = made(path)
    os.chown(path.parent, 65534, 65534)
    rebuild(address, lines_of(tmp_path, entry(1)))
    assert path.stat().st_uid == 65534


def test_names_that_a_log_escapes_come_back(path: Path, tmp_path: Path) -> None:
    hostile = 'Ada" id=forged\n\0'
    rebuild(made(path), lines_of(tmp_path, entry(1, hostile)))
    with opened(address_at(path)) as database:
        assert 'Ada" id=forged\n\\x00' in database.read_here(known_names)


def test_what_came_with_an_archive_is_kept_once_also_between_the_lines(address: str, tmp_path: Path) -> None:
    theirs = [{**decision(number, "Eve"), "imported": True} for number in (2, 3)]
    with opened(address) as database:
        fill(database, decision(1), decision(5))
        fill(database, *theirs)
    for _ in range(2):
        rebuild(address, lines_of(tmp_path, entry(1), entry(3, "Eve"), entry(5)))
        with opened(address) as database:
            found = database.read_here(decisions)
        assert [(each.id, each.imported) for each in found] == [
            ("d5", False),
            ("d3", False),
            ("d2", True),
            ("d1", False),
        ]
