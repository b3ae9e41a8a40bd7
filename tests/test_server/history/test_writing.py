"""Rows are added all or none, and deleted when they are old enough."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from server.audit.operator_log import parse
from server.database.database import Database, DatabaseError
from server.history import writing
from server.history.kept import TerminalEventKind
from server.history.queries import acts, decisions
from server.history.rows import Row, act_row, terminal_event_row, visit_row
from server.history.tables import ACT, DECISION, TABLES, TERMINAL_EVENT, VISIT
from server.history.writing import add, forget, load, note_here, take_stock
from tests.support.histories import act, decision, fill, minutes
from tests.support.summaries import summary
from wire.reasons import Reason


def sizes(connection: Connection) -> list[int]:
    return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


def of_every_table(number: int) -> list[tuple[object, Row]]:
    return [
        (DECISION, decision(number)),
        (VISIT, visit_row("front", minutes(number), summary(0.2))),
        (ACT, act_row(act(number))),
        (TERMINAL_EVENT, terminal_event_row(minutes(number), "front", TerminalEventKind.LEFT, "s")),
    ]


def test_several_rows_are_added_all_or_none(database: Database) -> None:
    broken = {**decision(3), "terminal": None}
    with pytest.raises(IntegrityError):
        fill(database, decision(1), decision(2), broken)
    assert database.read_here(decisions) == []


def test_very_many_rows_are_kept_as_a_few_are(database: Database) -> None:
    rows = [decision(1, "A\0da"), decision(2, None, reason=Reason.LEFT), decision(3, "tab\t\\.\n" * 300)]
    fill(database, *rows)
    database.write_here(lambda connection: load(connection, DECISION, rows))
    database.write_here(lambda connection: load(connection, DECISION, []))
    found = [replace(each, place=each.place._replace(number=0)) for each in database.read_here(decisions)]
    assert found[::2] == found[1::2] and len(found) == 6


def test_very_many_rows_are_added_all_or_none(database: Database) -> None:
    broken = [decision(1), {**decision(2, "A Name"), "terminal": None}]
    with pytest.raises((IntegrityError, DatabaseError)) as failed:
        database.write_here(lambda connection: load(connection, DECISION, broken))
    assert "A Name" not in str(failed.value) and database.read_here(decisions) == []


def test_what_is_old_is_forgotten_in_every_table_a_little_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FORGET_ROWS", 2)
    rows = [row for number in range(5) for row in of_every_table(number)]
    database.write_here(lambda connection: add(connection, rows))  # type: ignore[arg-type]
    gone = [database.write_here(lambda connection: forget(connection, minutes(3))) for _ in range(3)]
    assert gone == [8, 4, 0]
    assert database.read_here(sizes) == [2, 2, 2, 2]
    assert [each.id for each in database.read_here(decisions)] == ["d4", "d3"]


def test_the_database_takes_stock(database: Database) -> None:
    fill(database, decision(1))
    database.write_here(take_stock)
    if database.engine.dialect.name == "sqlite":
        tables = database.read_here(
            lambda connection: (
                connection.exec_driver_sql("SELECT DISTINCT tbl FROM sqlite_stat1").scalars().all()
            )
        )
        assert "decision" in tables


def test_what_a_command_does_is_in_the_log_and_in_the_history(database: Database, tmp_path: Path) -> None:
    database.write_here(lambda connection: note_here(tmp_path, connection, act(1)))
    line, _ = (tmp_path / "operator_log.txt").read_text("utf-8").split("\n")
    assert parse(line) == act(1)
    (kept,) = database.read_here(acts)
    assert (kept.operator, kept.moment) == ("account:jane", minutes(1))


def test_what_a_command_cannot_write_down_is_not_in_the_history(database: Database, tmp_path: Path) -> None:
    (tmp_path / "operator_log.txt").mkdir()
    with pytest.raises(OSError, match="operator_log"):
        database.write_here(lambda connection: note_here(tmp_path, connection, act(1)))
    assert database.read_here(acts) == []
