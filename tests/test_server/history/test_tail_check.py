"""Whether the end of the access log is in the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit.access_log import FILE
from server.database.database import Database, address_of, opened
from server.history import tail_check
from server.history.tables import DECISION
from server.history.tail_check import TailCheck, check_tail
from server.history.writing import add
from server.support.clock import milliseconds
from tests.support.histories import decision, entry, minutes

EVER = 2**62


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(address_of(tmp_path, None)) as made:
        yield made


def log(folder: Path, numbers: range) -> None:
    with (folder / FILE).open("a") as file:
        for number in numbers:
            file.write(entry(number).line() + "\n")


def keep(database: Database, numbers: range) -> None:
    database.write_here(lambda sql: add(sql, [(DECISION, decision(number)) for number in numbers]))


def checked(database: Database, folder: Path, since: int = 0, before: int = EVER) -> TailCheck:
    return database.read_here(lambda sql: check_tail(sql, folder, since, before))


def test_lines_that_are_rows_are_no_news(tmp_path: Path, database: Database) -> None:
    log(tmp_path, range(5))
    keep(database, range(5))
    assert checked(database, tmp_path) == TailCheck(lines=5, lacking=0)


def test_lines_that_are_no_rows_are_counted(tmp_path: Path, database: Database) -> None:
    log(tmp_path, range(5))
    keep(database, range(2, 4))
    assert checked(database, tmp_path) == TailCheck(lines=5, lacking=3)


def test_new_lines_may_be_on_their_way_and_old_ones_be_forgotten(tmp_path: Path, database: Database) -> None:
    log(tmp_path, range(5))
    since, before = (milliseconds(minutes(number)) for number in (1, 4))
    assert checked(database, tmp_path, since, before) == TailCheck(lines=3, lacking=3)


def test_only_whole_lines_of_the_end_are_looked_at(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(tmp_path, range(20))
    (tmp_path / FILE).open("a").write("torn, or of another program\n")
    monkeypatch.setattr(tail_check, "TAIL_BYTES", 1000)
    found = checked(database, tmp_path)
    assert 3 <= found.lines < 10 and found.lacking == found.lines
    keep(database, range(20 - found.lines, 20))
    assert checked(database, tmp_path) == TailCheck(found.lines, 0)


def test_no_log_is_told(tmp_path: Path, database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        checked(database, tmp_path)
