"""What a start does for the history: writes what a crash has left out, and takes over what an older version
kept. Nothing here keeps a door shut: what cannot be done is told."""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, select
from sqlalchemy.exc import SQLAlchemyError

from server.access.matching.recogniser import DLIB
from server.database.database import LOCK_SECONDS, Database
from server.history.logs import NAMES, LogLine, read_line
from server.history.missing import missing
from server.history.rows import Row
from server.history.tables import DECISION, VISIT
from server.history.writing import add
from server.support.clock import milliseconds

log = logging.getLogger(__name__)

TAIL_BYTES = 2 << 20
"""Of each log: about 9,000 lines. A crash leaves out those of a moment, a database that could not be reached
those of a while."""
OLD_VISITS = "visits.sqlite3"
"""In the logs folder: where visits were kept before there was a history."""
LATEST = 253402300799.0
"""The end of the year 9999, seconds since 1970: what is later is no time."""


def bring_up_to_date(database: Database, logs: Path, since: datetime) -> None:
    """`since`: what is older is not wanted. Not for the event loop."""
    for name, work in (("the logs", _catch_up), (OLD_VISITS, _take_over)):
        try:
            work(database, logs, milliseconds(since))
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None) or error
            log.error("history: %s could not be taken in: %s", name, " ".join(str(cause).split()))


def _catch_up(database: Database, logs: Path, since: int) -> None:
    """Add what the ends of the logs tell of and the history does not."""
    for name in NAMES:
        path = logs / f"{name}.txt"
        if not path.exists():
            continue
        lines = [line for line in _tail(path) if line.row["moment"] >= since]
        added, begun = database.write_here(partial(_add_missing, lines=lines))
        if added:
            log.info("history: %d lines of %s were missing, and are there now", added, path.name)
        if begun and (path.stat().st_size > TAIL_BYTES or len(list(logs.glob(f"{name}*"))) > 1):
            log.warning("history: begun; python -m server history rebuild takes in the older logs, too")


def _add_missing(connection: Connection, lines: list[LogLine]) -> tuple[int, bool]:
    """How many, and whether they are its first decisions."""
    empty = connection.execute(select(DECISION.c.number).limit(1)).first() is None
    new = list(missing(connection, lines))
    add(connection, [(line.table, line.row) for line in new])
    return len(new), empty and any(line.table is DECISION for line in new)


def _tail(path: Path) -> Iterator[LogLine]:
    """The last lines that can be read, each once. Raises OSError."""
    with open(path, "rb") as file:
        begin = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
        file.seek(begin)
        pieces = file.read(TAIL_BYTES).split(b"\n")  # it may be no file, and endless
    for number, data in enumerate(dict.fromkeys(pieces[1:] if begin else pieces)):  # not the rest of a line
        with contextlib.suppress(ValueError):
            yield LogLine(path, number, *read_line(data))


def _take_over(database: Database, logs: Path, since: int) -> None:
    """Once: then the file is gone."""
    path = logs / OLD_VISITS
    if path.is_file():
        rows = [row for row in _old_visits(path) if row["moment"] >= since]
        count = database.write_here(partial(_add_visits, rows=rows))
        path.unlink()
        log.info("history: %d visits of %s were taken over, and it was removed", count, path.name)


def _add_visits(connection: Connection, rows: list[Row]) -> int:
    """Those that are not there yet: an earlier start may have ended before the file was removed."""
    mark = (VISIT.c.moment, VISIT.c.terminal, VISIT.c.seconds)
    there = {tuple(row) for row in connection.execute(select(*mark))}
    new = [row for row in rows if tuple(row[column.name] for column in mark) not in there]
    add(connection, [(VISIT, row) for row in new])
    return len(new)


def _old_visits(path: Path) -> list[Row]:
    """Those that can be read, oldest first. Raises sqlite3.Error: the file is damaged, locked, or of another
    program."""
    with contextlib.closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as file:
        file.text_factory = partial(str, encoding="utf-8", errors="replace")
        file.row_factory = sqlite3.Row
        rows = [{"recogniser": DLIB.name, **row} for row in map(dict, file.execute("SELECT * FROM visit"))]
    return sorted((visit for row in rows if (visit := _visit(row))), key=itemgetter("moment"))


def _visit(old: dict[str, Any]) -> Row | None:
    """None: it is damaged."""
    if not isinstance(old["moment"], float) or not 0 <= old["moment"] <= LATEST:
        return None
    row = {**old, "moment": round(old["moment"] * 1000)}
    right = all(_fits(column, row[column.name]) for column in VISIT.c if column.name != "number")
    return row if right else None


def _fits(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    return isinstance(value, column.type.python_type)
