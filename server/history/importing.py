"""Decisions out of an archive, of this site or of another one: each that is not there yet is added, once.

The access log stays this site's own evidence, and has no line of them; so their rows say where they are from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Connection, and_, delete, exists, select

from server.database.database import Database
from server.history.missing import KEYS, key_of
from server.history.rows import LARGEST, Row
from server.history.tables import DECISION
from server.history.writing import add
from wire import TERMINAL_CHARS
from wire.result import NAME_CHARS

BATCH_ROWS = 1000
"""Written at once, so that what the doors tell of need not wait for long."""
WORD_CHARS = 64
"""Of an id, a reason or a kind of liveness."""
Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]


class Span(NamedTuple):
    """Milliseconds since 1970, both included: what is older is not kept, and nothing is of tomorrow."""

    since: int
    until: int


class Counted(NamedTuple):
    """Decisions of that span. `new`: not there yet, or added. `known`: there already, perhaps with another
    verdict."""

    new: int
    known: int


def _printable(text: str) -> str:
    """What could hide in a line, or break it, is escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _shown(most: int) -> AfterValidator:
    """Texts are made printable and cut to so many characters: an older line of this site may be neither."""
    return AfterValidator(lambda text: _printable(text)[:most])


class _Archived(BaseModel):
    """A row as it was exported. What else it says is of no interest."""

    model_config = ConfigDict(allow_inf_nan=False)
    moment: Annotated[int, Field(ge=0, le=LARGEST)]
    utc_offset: Annotated[int, Field(gt=-24 * 60, lt=24 * 60)]
    terminal: Annotated[str, Field(min_length=1), _shown(TERMINAL_CHARS)]
    verdict: Literal["granted", "denied"]
    name: Annotated[str, _shown(NAME_CHARS)] | None
    distance: float | None
    runner_up: float | None
    threshold: float | None
    looks: Whole | None
    liveness: Annotated[str, _shown(WORD_CHARS)] | None
    accompanied: bool
    reason: Annotated[str, _shown(WORD_CHARS)]
    latency_ms: Whole | None
    id: Annotated[str, Field(min_length=1, max_length=WORD_CHARS), _shown(WORD_CHARS)]
    nearest: str | None

    @field_validator("nearest")
    @classmethod
    def _pairs(cls, text: str | None) -> str | None:
        """The same, if it can be read when it is shown. Raises ValueError."""
        if text is not None:
            try:
                told = [
                    [_printable(str(name))[:NAME_CHARS], float(distance)]
                    for name, distance in json.loads(text)
                ]
                return json.dumps(told, allow_nan=False)
            except (TypeError, RecursionError) as error:
                raise ValueError("no list of names and distances") from error
        return None


def count(database: Database, rows: Iterable[Mapping[str, Any]], span: Span) -> Counted:
    """How many of an archive's decisions are not there yet, and how many are. Not for the event loop. Raises
    ValueError: one of them is none; sqlalchemy.exc.SQLAlchemyError."""
    return _sum(database.read_here(partial(_counted, rows=batch)) for batch in _batches(rows, span))


def bring_in(database: Database, rows: Iterable[Mapping[str, Any]], span: Span) -> Counted:
    """Add them; returns how many there were. It can be done again when it was stopped. Raises as `count`
    does."""
    return _sum(database.write_here(partial(_add, rows=batch)) for batch in _batches(rows, span))


def forget_twins(connection: Connection) -> None:
    """Delete what came with an archive and is told of by a line of the logs, too, whatever that says."""
    own = DECISION.alias()
    same = and_(own.c.id == DECISION.c.id, own.c.imported.is_(False))
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
    """Those that are not there: of a decision of this site's own there is no more to be told."""
    by_key = {key_of(DECISION, row): row for row in rows}
    there = select(*KEYS[DECISION], DECISION.c.imported).where(DECISION.c.id.in_({row["id"] for row in rows}))
    found = connection.execute(there).all()
    own = {row.id for row in found if not row.imported}
    known = {(row.id, row.verdict) for row in found}
    return [row for key, row in by_key.items() if key not in known and key[0] not in own]


def _counted(connection: Connection, rows: list[Row]) -> Counted:
    new = len(_new(connection, rows))
    return Counted(new, len({key_of(DECISION, row) for row in rows}) - new)


def _add(connection: Connection, rows: list[Row]) -> Counted:
    counted = _counted(connection, rows)
    add(connection, [(DECISION, row) for row in _new(connection, rows)])
    return counted


def _sum(parts: Iterable[Counted]) -> Counted:
    found = list(parts)
    return Counted(sum(part.new for part in found), sum(part.known for part in found))
