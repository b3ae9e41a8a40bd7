"""Takes a person's name out of the history. All functions raise sqlalchemy.exc.SQLAlchemyError."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from server.database.plain_text import INDEXED, plain
from server.history.tables import ACT, DECISION, VISIT


def erase_name(connection: Connection, name: str, word: str) -> int:
    """Have decisions and visits name somebody no more, but say `word`; returns how many were changed."""
    rows = connection.execute(select(DECISION.c.number, DECISION.c.nearest).where(_near(name))).all()
    for number, nearest in rows:
        others = [each for each in json.loads(nearest) if each[0] != name]
        connection.execute(
            update(DECISION)
            .where(DECISION.c.number == number)
            .values(nearest=json.dumps(others) if others else None)
        )
    changed = connection.execute(update(DECISION).where(_named(name)).values(name=word)).rowcount
    visits = 0
    for column in (VISIT.c.name, VISIT.c.candidate):
        visits += connection.execute(
            update(VISIT).where(column == _kept(name)).values({column: word})
        ).rowcount
    return changed + len(rows) + visits


def erase_in_acts(connection: Connection, replaced: Callable[[str], str]) -> int:
    """The same of what operators did. `replaced`: a text without the name, as the operator log has it."""
    changed = 0
    for row in connection.execute(select(ACT.c.number, ACT.c.subject, ACT.c.details)).all():
        details = json.loads(row.details)
        new = {key: value if key == "source" else replaced(str(value)) for key, value in details.items()}
        subject = row.subject and replaced(row.subject)
        if (subject, new) != (row.subject, details):
            values = {"subject": subject, "details": json.dumps(new)}
            connection.execute(update(ACT).where(ACT.c.number == row.number).values(values))
            changed += 1
    return changed


def _named(name: str) -> ColumnElement[Any]:
    return DECISION.c.name == _kept(name)


def _near(name: str) -> ColumnElement[Any]:
    """Who came near is kept as JSON."""
    return DECISION.c.nearest.contains(f"[{json.dumps(name)}, ", autoescape=True)


def _kept(name: str) -> str:
    return plain(name, INDEXED)
