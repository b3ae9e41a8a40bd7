"""Adding rows to the history, and deleting old ones."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, delete, insert, select, text

from server.audit.operator_log import Act, append
from server.history.rows import Row, act_row, milliseconds
from server.history.tables import ACT, TABLES

FORGET_ROWS = 2000
"""Deleted at once, so that what is to be written need not wait for long."""


def add(connection: Connection, rows: Iterable[tuple[Table, Row]]) -> None:
    """All or none, each table's in this order. Raises sqlalchemy.exc.SQLAlchemyError."""
    by_table: dict[Table, list[Row]] = {}
    for table, row in rows:
        by_table.setdefault(table, []).append(row)
    for table, several in by_table.items():
        connection.execute(insert(table), several)


def note_here(logs: Path, connection: Connection, act: Act) -> None:
    """What an operator does by a command, which has no server to note it. Raises OSError: it is not written
    down, and must not happen; sqlalchemy.exc.SQLAlchemyError: it is, and the next start adds it."""
    append(logs, act)
    add(connection, [(ACT, act_row(act))])


def forget(connection: Connection, before: datetime) -> int:
    """Delete rows of before then, the oldest, up to `FORGET_ROWS` of each table; returns how many. Raises
    sqlalchemy.exc.SQLAlchemyError."""
    gone = 0
    for table in TABLES:
        old = select(table.c.number).where(table.c.moment < milliseconds(before))
        oldest = old.order_by(table.c.moment).limit(FORGET_ROWS).scalar_subquery()
        gone += connection.execute(delete(table).where(table.c.number.in_(oldest))).rowcount
    return gone


def take_stock(connection: Connection) -> None:
    """Let the database see how its rows are spread: it chooses indices by that. Raises
    sqlalchemy.exc.SQLAlchemyError."""
    if connection.dialect.name == "sqlite":  # PostgreSQL does it by itself
        connection.execute(text("PRAGMA analysis_limit=1000"))  # a look at some of each index, not at all
        connection.execute(text("ANALYZE"))
