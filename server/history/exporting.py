"""All rows of a table of the history, for an archive."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from server.database.database import Database

PAGE = 2000
"""Rows read at once: a longer read would keep an SQLite file from shrinking."""


def rows_of(database: Database, table: Table) -> Iterator[dict[str, Any]]:
    """In the order in which they were written. Not for the event loop. Raises
    sqlalchemy.exc.SQLAlchemyError."""
    number = -1
    while True:

        def page(connection: Connection, after: int = number) -> list[dict[str, Any]]:
            asked = select(table).where(table.c.number > after).order_by(table.c.number).limit(PAGE)
            return [dict(row) for row in connection.execute(asked).mappings()]

        found = database.read_here(page)
        yield from found
        if len(found) < PAGE:
            return
        number = found[-1]["number"]
