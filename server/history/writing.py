"""Adding rows to the history, and deleting old ones."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text

from server.audit.operator_log import Act, append
from server.database.database import DatabaseError
from server.database.plain_text import as_kept
from server.history.rows import Row, act_row
from server.history.tables import ACT, TABLES
from server.support.clock import milliseconds

FORGET_ROWS = 2000
"""Deleted at once, so that what is to be written need not wait for long."""


def add(connection: Connection, rows: Iterable[tuple[Table, Row]]) -> None:
    """All or none, each table's in this order. Raises sqlalchemy.exc.SQLAlchemyError."""
    by_table: dict[Table, list[Row]] = {}
    for table, row in rows:
        by_table.setdefault(table, []).append(row)
    for table, several in by_table.items():
        connection.execute(insert(table), several)


def load(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """As `add`, of very many rows: PostgreSQL has a way of its own for these. Raises
    sqlalchemy.exc.SQLAlchemyError, DatabaseError."""
    if not rows or connection.dialect.name != "postgresql":
        add(connection, ((table, row) for row in rows))
        return
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(column.name for column in columns)
    driver: Any = connection.connection.driver_connection
    dbapi: Any = connection.dialect.loaded_dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([as_kept(column, row[column.name]) for column in columns])
    except dbapi.Error as error:
        raise DatabaseError(str(error).partition("\n")[0]) from error


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
