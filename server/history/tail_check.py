"""Whether the end of the access log is in the database: what `history check` finds, for the last lines."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from server.audit.access_log import FILE
from server.history.logs import LogLine, read_line
from server.history.missing import missing

TAIL_BYTES = 64 << 10
"""About 250 lines."""


@dataclass(frozen=True)
class TailCheck:
    """`lines`: at the end of the log, so many were looked at; `lacking`: so many of them are no rows."""

    lines: int
    lacking: int


def check_tail(connection: Connection, logs: Path, since: int, before: int) -> TailCheck:
    """`since`, `before`: milliseconds since 1970; older lines are not kept, newer ones may be on their way.
    Raises OSError, sqlalchemy.exc.SQLAlchemyError."""
    lines = [line for line in _last_lines(logs / FILE) if since <= line.row["moment"] < before]
    return TailCheck(len(lines), sum(1 for _ in missing(connection, lines)))


def _last_lines(path: Path) -> Iterator[LogLine]:
    """Whole lines that can be read."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read(TAIL_BYTES)
    first, *lines = tail.split(b"\n")
    if size <= TAIL_BYTES:
        lines.insert(0, first)
    for number, data in enumerate(lines):
        if data.strip():
            try:
                table, row = read_line(data.rstrip(b"\r"))
            except ValueError:
                continue
            yield LogLine(path, number, table, row)
