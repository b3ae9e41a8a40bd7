"""Makes the history again from the logs, and keeps what no log tells of.

A file is made beside the old one and takes its place in the end; in PostgreSQL it is one transaction. When
it fails, nothing has changed.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, delete, func, select

from server.database.database import DatabaseError, address_at, file_of, opened
from server.database.migrate import present_layout
from server.history.carry import OldFile, Span
from server.history.importing import forget_twins
from server.history.logs import LogLine
from server.history.missing import batches, logged
from server.history.tables import ACT, DECISION
from server.history.writing import load, take_stock
from server.support import osdep

LOGGED = (DECISION, ACT)
"""Tables that logs tell of."""
_Nearest: TypeAlias = Callable[[Sequence[str]], dict[tuple[str, str], str]]
"""Who came nearest in decisions of these ids, by id and verdict."""


@dataclass
class Rebuilt:
    """`made`: how many rows of each table are made of lines, and of which `spans` of time. `kept`: how many
    were there before and are again. `damage`: what of the old file could not be read, and why. `aside`: where
    that file is now."""

    made: dict[str, int] = field(default_factory=lambda: dict.fromkeys((table.name for table in LOGGED), 0))
    spans: dict[str, Span] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    damage: dict[str, str] = field(default_factory=dict)
    aside: Path | None = None


def rebuild(address: str, lines: Iterable[LogLine]) -> Rebuilt:
    """`address`: of the database, which no server may be using. `lines`: oldest first. Raises DatabaseError,
    OSError, sqlalchemy.exc.SQLAlchemyError."""
    path = file_of(address)
    if path is None:
        return _in_place(address, lines)
    new = path.with_name(f"{path.name}.new")
    _remove(new)
    rebuilt = _beside(path, new, lines)
    _swap(path, new, rebuilt)
    return rebuilt


def _beside(path: Path, new: Path, lines: Iterable[LogLine]) -> Rebuilt:
    rebuilt = Rebuilt()
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(contextlib.closing(_opened(path))) if path.exists() else None
        database = stack.enter_context(opened(address_at(new)))
        connection = stack.enter_context(database.engine.execution_options(writing=True).begin())
        if old is not None:
            _require_same_layout(path, old, connection)
        with _without_indices(connection):
            _fill(connection, lines, rebuilt, old.nearest if old is not None else lambda identities: {})
            if old is not None:
                rebuilt.kept = old.carry_over(connection, rebuilt.spans)
                rebuilt.damage = old.damage
        forget_twins(connection)
        take_stock(connection)
    return rebuilt


def _require_same_layout(path: Path, old: OldFile, new: Connection) -> None:
    """Raises DatabaseError: some of the old tables would not be found in the new file."""
    layout = old.layout
    if old.tables and layout is None and not old.damage:
        raise DatabaseError(f"{path}: these are the tables of another program")
    if layout is not None and layout != present_layout(new):
        raise DatabaseError(f"{path}: it is of another version; start this one's server once, and stop it")


def _opened(path: Path) -> OldFile:
    """Raises DatabaseError."""
    try:
        return OldFile(path)
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{path}: {error}") from error


def _swap(path: Path, new: Path, rebuilt: Rebuilt) -> None:
    """The new file takes the place of the old one, which is kept where not all of it could be read. No
    journal of the old one may stay: SQLite would take it for the new one's. Raises OSError."""
    if rebuilt.damage:
        rebuilt.aside = path.with_name(f"{path.name}.damaged")
        _remove(rebuilt.aside)
    for old in _with_journals(path):
        if rebuilt.aside is None:
            old.unlink(missing_ok=True)
        elif old.exists():
            os.replace(old, rebuilt.aside.with_name(old.name.replace(path.name, rebuilt.aside.name)))
    _belong_to_the_owner_of(path.parent, new)
    os.replace(new, path)
    osdep.flush_folder_to_disk(str(path.parent))


def _belong_to_the_owner_of(folder: Path, new: Path) -> None:
    """What root makes must be the server's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = folder.stat()
        os.chown(new, owner.st_uid, owner.st_gid)


def _remove(path: Path) -> None:
    for each in _with_journals(path):
        each.unlink(missing_ok=True)


def _with_journals(path: Path) -> list[Path]:
    return [path.with_name(path.name + journal) for journal in ("", "-wal", "-shm")]


def _in_place(address: str, lines: Iterable[LogLine]) -> Rebuilt:
    rebuilt = Rebuilt()
    with opened(address) as database, database.engine.begin() as connection:
        newest = {
            table: connection.execute(select(func.max(table.c.number))).scalar() or 0 for table in LOGGED
        }

        def nearest(identities: Sequence[str]) -> dict[tuple[str, str], str]:
            old = (DECISION.c.number <= newest[DECISION], DECISION.c.nearest.is_not(None))
            asked = select(DECISION.c.id, DECISION.c.verdict, DECISION.c.nearest)
            rows = connection.execute(asked.where(DECISION.c.id.in_(identities), *old))
            return {(identity, verdict): told for identity, verdict, told in rows}

        with _without_indices(connection, but="ix_decision_id"):
            _fill(connection, lines, rebuilt, nearest)
        old = {table: table.c.number <= newest[table] for table in LOGGED}
        for table in LOGGED:
            if table.name in rebuilt.spans:
                within = table.c.moment.between(*rebuilt.spans[table.name])
                connection.execute(delete(table).where(old[table], *logged(table), within))
        forget_twins(connection)
        for table in LOGGED:
            kept = select(func.count()).where(old[table])
            rebuilt.kept[table.name] = connection.execute(kept).scalar_one()
    return rebuilt


@contextlib.contextmanager
def _without_indices(connection: Connection, but: str = "") -> Iterator[None]:
    """They are made anew in a fraction of the time that it takes to keep them up row by row."""
    indices = [index for table in LOGGED for index in table.indexes if index.name != but]
    for index in indices:
        index.drop(connection)
    yield
    for index in indices:
        index.create(connection)


def _fill(connection: Connection, lines: Iterable[LogLine], rebuilt: Rebuilt, nearest: _Nearest) -> None:
    for batch in batches(lines):
        decisions = [line.row for line in batch if line.table is DECISION]
        told = nearest([row["id"] for row in decisions])
        for row in decisions:
            row["nearest"] = told.get((row["id"], row["verdict"]))
        load(connection, DECISION, decisions)
        load(connection, ACT, [line.row for line in batch if line.table is ACT])
        for line in batch:
            name = line.table.name
            rebuilt.spans[name] = Span.reaching(rebuilt.spans.get(name), line.row["moment"])
            rebuilt.made[name] += 1
