"""Which lines of the logs the history does not have."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, Table, select

from server.database.plain_text import as_kept
from server.history.logs import LogLine
from server.history.rows import Row
from server.history.tables import ACT, DECISION

BATCH_LINES = 5000
"""So many rows are looked for, or written, at once."""
Key: TypeAlias = tuple[Any, ...]
KEYS: dict[Table, tuple[Column[Any], ...]] = {
    DECISION: (DECISION.c.id, DECISION.c.verdict),
    ACT: (ACT.c.moment, ACT.c.kind, ACT.c.operator, ACT.c.subject, ACT.c.source, ACT.c.details),
}
"""What tells a row from every other; an index begins with the first."""


def missing(connection: Connection, lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Those of the lines that are no rows. Raises sqlalchemy.exc.SQLAlchemyError."""
    for batch in batches(lines):
        known = {table: _known(connection, table, batch) for table in KEYS}
        yield from (line for line in batch if key_of(line.table, line.row) not in known[line.table])


def logged(table: Table) -> list[ColumnElement[bool]]:
    """Only the rows that a line is to tell of: none does of what came with an archive."""
    return [DECISION.c.imported.is_(False)] if table is DECISION else []


def batches(lines: Iterable[LogLine]) -> Iterator[list[LogLine]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH_LINES)):
        yield batch


def key_of(table: Table, row: Row) -> Key:
    """As the database keeps it."""
    return tuple(as_kept(column, row[column.name]) for column in KEYS[table])


def _known(connection: Connection, table: Table, lines: Sequence[LogLine]) -> set[Key]:
    first = KEYS[table][0]
    wanted = {line.row[first.name] for line in lines if line.table is table}
    rows = connection.execute(select(*KEYS[table]).where(first.in_(wanted))) if wanted else ()
    return {tuple(row) for row in rows}
