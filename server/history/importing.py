"""Decisions out of an archive, of this site or of another one: each that is not there yet is added, once.

The access log stays this site's own evidence, and has no line of them; so their rows say where they are from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Connection, and_, delete, exists, select

from server.database.database import Database
from server.history.missing import KEYS, key_of
from server.history.rows import LARGEST, Row
from server.history.tables import DECISION
from server.history.writing import add

BATCH_ROWS = 1000
"""Written at once, so that what the doors tell of need not wait for long."""
Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]


class Span(NamedTuple):
    """Milliseconds since 1970, both included: what is older is not kept, and nothing is of tomorrow."""

    since: int
    until: int


class _Archived(BaseModel):
    """A row as it was exported. What else it says is of no interest."""

    model_config = ConfigDict(allow_inf_nan=False)
    moment: Annotated[int, Field(ge=0, le=LARGEST)]
    utc_offset: Annotated[int, Field(gt=-24 * 60, lt=24 * 60)]
    terminal: str
    verdict: Literal["granted", "denied"]
    name: str | None
    distance: float | None
    runner_up: float | None
    threshold: float | None
    looks: Whole | None
    liveness: str | None
    accompanied: bool
    reason: str
    latency_ms: Whole | None
    id: Annotated[str, Field(min_length=1, max_length=64)]
    nearest: str | None

    @field_validator("nearest")
    @classmethod
    def _pairs(cls, text: str | None) -> str | None:
        """The same, if it can be read when it is shown. Raises ValueError."""
        if text is not None:
            try:
                told = [[str(name), float(distance)] for name, distance in json.loads(text)]
                return json.dumps(told, allow_nan=False)
            except (TypeError, RecursionError) as error:
                raise ValueError("no list of names and distances") from error
        return None


def count_new(database: Database, rows: Iterable[Mapping[str, Any]], span: Span) -> int:
    """How many of an archive's decisions are not there yet. Not for the event loop. Raises ValueError: one of
    them is none; sqlalchemy.exc.SQLAlchemyError."""
    return sum(len(database.read_here(partial(_new, rows=batch))) for batch in _batches(rows, span))


def bring_in(database: Database, rows: Iterable[Mapping[str, Any]], span: Span) -> int:
    """Add them; returns how many there were. It can be done again when it was stopped. Raises as `count_new`
    does."""
    return sum(database.write_here(partial(_add, rows=batch)) for batch in _batches(rows, span))


def forget_twins(connection: Connection) -> None:
    """Delete what came with an archive and is told of by a line of the logs, too."""
    own = DECISION.alias()
    same = and_(own.c.id == DECISION.c.id, own.c.verdict == DECISION.c.verdict, own.c.imported.is_(False))
    connection.execute(delete(DECISION).where(DECISION.c.imported, exists(select(own.c.id).where(same))))


def _batches(rows: Iterable[Mapping[str, Any]], span: Span) -> Iterator[list[Row]]:
    wanted = (row for row in map(_checked, rows) if span.since <= row["moment"] <= span.until)
    while batch := list(islice(wanted, BATCH_ROWS)):
        yield batch


def _checked(row: Mapping[str, Any]) -> Row:
    """Raises ValueError."""
    try:
        return {**_Archived.model_validate(row).model_dump(), "imported": True}
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _new(connection: Connection, rows: list[Row]) -> list[Row]:
    by_key = {key_of(DECISION, row): row for row in rows}
    there = select(*KEYS[DECISION]).where(DECISION.c.id.in_({row["id"] for row in rows}))
    known = {tuple(row) for row in connection.execute(there)}
    return [row for key, row in by_key.items() if key not in known]


def _add(connection: Connection, rows: list[Row]) -> int:
    new = _new(connection, rows)
    add(connection, [(DECISION, row) for row in new])
    return len(new)
