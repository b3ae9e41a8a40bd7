"""Takes a person's name out of the history. The access log is the evidence, and keeps it. All functions raise
sqlalchemy.exc.SQLAlchemyError."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from server.database.plain_text import INDEXED, plain
from server.history.tables import DECISION, VISIT


def mentions(connection: Connection, name: str) -> int:
    """In how many decisions and visits somebody is named."""
    return sum(
        connection.execute(select(func.count()).where(condition)).scalar_one()
        for condition in (_named(name) | _near(name), _visited(name))
    )


def erase_name(connection: Connection, name: str) -> int:
    """Have decisions and visits name somebody no more; returns how many were changed."""
    rows = connection.execute(select(DECISION.c.number, DECISION.c.nearest).where(_near(name))).all()
    for number, nearest in rows:
        others = [each for each in json.loads(nearest) if each[0] != name]
        connection.execute(
            update(DECISION)
            .where(DECISION.c.number == number)
            .values(nearest=json.dumps(others) if others else None)
        )
    changed = connection.execute(update(DECISION).where(_named(name)).values(name=None)).rowcount
    visits = 0
    for column in (VISIT.c.name, VISIT.c.candidate):
        visits += connection.execute(
            update(VISIT).where(column == _kept(name)).values({column: None})
        ).rowcount
    return changed + len(rows) + visits


def _named(name: str) -> ColumnElement[Any]:
    return DECISION.c.name == _kept(name)


def _near(name: str) -> ColumnElement[Any]:
    """Who came near is kept as JSON."""
    return DECISION.c.nearest.contains(f"[{json.dumps(name)}, ", autoescape=True)


def _visited(name: str) -> ColumnElement[Any]:
    return (VISIT.c.name == _kept(name)) | (VISIT.c.candidate == _kept(name))


def _kept(name: str) -> str:
    return plain(name, INDEXED)
