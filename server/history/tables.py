"""The tables of the history.

Times are whole milliseconds since 1970, UTC; `utc_offset` is that of the door's clock then, in minutes. Rows
are numbered in the order in which they were written. An index begins with what is asked for and goes on with
the time: read from its end it gives the newest rows first, and no more than a page is read.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, false

from server.database.plain_text import INDEXED, PlainText
from server.database.schema import METADATA


def _number() -> Column[int]:
    """Numbers grow, and none is given twice, even when the newest rows are gone."""
    whole = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts in an INTEGER only
    return Column("number", whole, primary_key=True, autoincrement=True)


def _table(name: str, *parts: Column[Any] | Index) -> Table:
    return Table(name, METADATA, _number(), *parts, sqlite_autoincrement=True)


DECISION = _table(
    "decision",
    Column("moment", BigInteger, nullable=False),
    Column("utc_offset", Integer, nullable=False),
    Column("terminal", PlainText(INDEXED), nullable=False),
    Column("verdict", PlainText(INDEXED), nullable=False),
    Column("name", PlainText(INDEXED)),
    Column("distance", Float),
    Column("runner_up", Float),
    Column("threshold", Float),
    Column("looks", BigInteger),
    Column("liveness", PlainText),
    Column("accompanied", Boolean, nullable=False),
    Column("reason", PlainText(INDEXED), nullable=False),
    Column("latency_ms", BigInteger),
    Column("id", PlainText(INDEXED), nullable=False),
    Column("nearest", PlainText),
    Column("imported", Boolean, nullable=False, server_default=false()),
    Index("ix_decision_moment", "moment", "number", "terminal", "verdict", "reason", "utc_offset"),
    Index("ix_decision_name", "name", "moment", "number", "verdict", "terminal"),
    Index("ix_decision_terminal", "terminal", "moment", "number", "verdict"),
    Index("ix_decision_reason", "reason", "moment", "number", "verdict"),
    Index("ix_decision_id", "id"),
)
"""A row for each line of the access log. `nearest`: JSON, a list of [name, distance]; not in the log.
`imported`: it came with an archive, and no line here tells of it."""

VISIT = _table(
    "visit",
    Column("moment", BigInteger, nullable=False),
    Column("terminal", PlainText(INDEXED), nullable=False),
    Column("decision", PlainText),
    Column("verdict", PlainText(INDEXED)),
    Column("reason", PlainText(INDEXED)),
    Column("name", PlainText(INDEXED)),
    Column("threshold", Float),
    Column("candidate", PlainText),
    Column("distance", Float),
    Column("runner_up", Float),
    Column("people", BigInteger, nullable=False),
    Column("photos", BigInteger, nullable=False),
    Column("looks", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("liveness", PlainText, nullable=False),
    Column("recogniser", PlainText, nullable=False),
    Index("ix_visit_moment", "moment", "number"),
    Index("ix_visit_terminal", "terminal", "moment", "number"),
)
"""A row for each visit that is over: see `server.access.outcome.VisitSummary`. `decision` (an id),
`verdict`, `reason`, `name` and `threshold` are those of its last decision."""

ACT = _table(
    "act",
    Column("moment", BigInteger, nullable=False),
    Column("utc_offset", Integer, nullable=False),
    Column("operator", PlainText(INDEXED), nullable=False),
    Column("kind", PlainText(INDEXED), nullable=False),
    Column("subject", PlainText(INDEXED)),
    Column("source", PlainText),
    Column("details", PlainText, nullable=False),
    Index("ix_act_moment", "moment", "number"),
    Index("ix_act_operator", "operator", "moment", "number"),
    Index("ix_act_kind", "kind", "moment", "number"),
    Index("ix_act_subject", "subject", "moment", "number"),
)
"""A row for each line of the operator log. `details`: JSON, an object of texts."""

TERMINAL_EVENT = _table(
    "terminal_event",
    Column("moment", BigInteger, nullable=False),
    Column("terminal", PlainText(INDEXED), nullable=False),
    Column("kind", PlainText(INDEXED), nullable=False),
    Column("session", PlainText, nullable=False),
    Column("detail", PlainText),
    Index("ix_terminal_event_moment", "moment", "number"),
    Index("ix_terminal_event_terminal", "terminal", "moment", "number"),
)
"""A row for each change of a terminal. `detail`: JSON, an object, where there is more to say."""

TABLES = (DECISION, VISIT, ACT, TERMINAL_EVENT)
"""All that is the history's own."""
