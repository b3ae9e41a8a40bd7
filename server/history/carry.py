"""What no log tells of, taken from an SQLite file into the one that replaces it: visits, what happened to
terminals, and the tables of all other parts. The old file may be damaged: what can be read of it is taken."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, inspect

from server.database.database import LOCK_SECONDS
from server.history.tables import DECISION

BATCH_ROWS = 5000
_OWN = ("alembic_", "sqlite_")
"""Tables that every file has by itself."""


class Span(NamedTuple):
    """From the first to the last: milliseconds since 1970."""

    first: int
    last: int

    @classmethod
    def reaching(cls, span: "Span | None", moment: int) -> "Span":
        """The span, and what lies between it and the moment."""
        return cls(moment, moment) if span is None else cls(min(span.first, moment), max(span.last, moment))


class OldFile:
    """A file to be replaced, which nobody can write to meanwhile. `tables`: the columns of each. `damage`:
    what could not be read, and why."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.OperationalError: somebody else is writing to it."""
        self.damage: dict[str, str] = {}
        self.tables: dict[str, list[str]] = {}
        self._file = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
        try:
            self._file.execute("BEGIN IMMEDIATE")
            self.tables = _tables(self._file)
        except sqlite3.OperationalError:
            self._file.close()
            raise
        except sqlite3.DatabaseError as error:
            self.damage[path.name] = str(error)

    def close(self) -> None:
        self._file.close()

    @property
    def layout(self) -> str | None:
        """Which step brought the tables to where they are; None: that is not known."""
        return next((step for (step,) in self._rows("alembic_version", "SELECT version_num")), None)

    def nearest(self, identities: Sequence[str]) -> dict[tuple[str, str], str]:
        """Who came nearest in these decisions, which no log tells, by id and verdict."""
        marks = ", ".join("?" * len(identities))
        some = f"nearest IS NOT NULL AND id IN ({marks})"
        rows = self._rows(DECISION.name, "SELECT id, verdict, nearest", f"WHERE {some}", identities)
        return {(identity, verdict): told for identity, verdict, told in rows}

    def carry_over(self, new: Connection, logged: Mapping[str, Span]) -> dict[str, int]:
        """All tables; of those that the logs tell of, only what is older than the logs, or newer, or came
        with an archive. Returns how many rows of each. What refers to something that could not be read is
        left out. Raises sqlalchemy.exc.SQLAlchemyError."""
        new.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        present = inspect(new).get_table_names()
        copied = {
            table: self._copy(new, table, logged.get(table))
            for table in self.tables
            if table in present and not table.startswith(_OWN)
        }
        for table, row, *_ in new.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            new.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", (row,))  # noqa: S608
            copied[table] -= 1
        self._carry_numbers(new)
        return copied

    def _copy(self, new: Connection, table: str, logged: Span | None) -> int:
        columns, where = self.tables[table], ""
        if logged is not None:  # the rows of the logs have numbers of their own by now
            columns = [column for column in columns if column != "number"]
            where = f"WHERE (moment NOT BETWEEN {logged.first} AND {logged.last}"
            where += f"{' OR imported' if 'imported' in columns else ''}) ORDER BY moment"
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        rows = self._rows(table, f"SELECT {names}", where)
        count = 0
        while batch := list(islice(rows, BATCH_ROWS)):
            insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
            count += new.exec_driver_sql(insert, batch).rowcount
        return count

    def _carry_numbers(self, new: Connection) -> None:
        """No number of a row that is gone is given again."""
        for table, last in self._rows("sqlite_sequence", "SELECT name, seq"):
            new.exec_driver_sql("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, table))
            new.exec_driver_sql(
                "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ?"
                " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
                (table, last, table),
            )

    def _rows(
        self, table: str, select: str, where: str = "", values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """As many as can be read."""
        if table not in self.tables:
            return
        try:
            yield from self._file.execute(f"{select} FROM {table} {where}", values)
        except sqlite3.Error as error:
            self.damage[table] = str(error)


def _tables(file: sqlite3.Connection) -> dict[str, list[str]]:
    asked = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    found: dict[str, list[str]] = {}
    for table, column in file.execute(asked):
        found.setdefault(table, []).append(column)
    return found
