"""Pages of the history. All functions raise sqlalchemy.exc.SQLAlchemyError.

A page is newest first, and goes on `before` the place of the last row of the one before it. `terminals`: only
what concerns these; None: all.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, func, literal, select, tuple_

from server.history.conditions import ALWAYS, Conditions, Span, among, at, distinct, equal
from server.history.kept import KeptAct, KeptDecision, KeptTerminalEvent, KeptVisit, Place
from server.history.tables import ACT, DECISION, TERMINAL_EVENT, VISIT
from wire import Verdict

T = TypeVar("T")

PAGE = 50
"""Rows of a page."""


@dataclass(frozen=True)
class Which:
    """Decisions that fulfil every condition that is given. `person`: exactly this name. `like`: a name with
    this somewhere in it, in capitals or not."""

    span: Span = ALWAYS
    terminals: Collection[str] | None = None
    person: str | None = None
    like: str | None = None
    verdict: Verdict | None = None
    reason: str | None = None


ALL = Which()


def decisions(
    connection: Connection, which: Which = ALL, before: Place | None = None, limit: int = PAGE
) -> list[KeptDecision]:
    return _page(connection, DECISION, _conditions(connection, which), before, limit, KeptDecision.of)


def decision_by_id(
    connection: Connection, identity: str, terminals: Collection[str] | None = None
) -> list[KeptDecision]:
    """The lines of one decision, in order; none of one that is not known. A grant that nobody could be told
    has a second line. What came with an archive says nothing of a decision of this site's own."""
    asked = select(DECISION).where(DECISION.c.id == identity).order_by(DECISION.c.number)
    found = _all(connection, asked, KeptDecision.of)
    lines = [line for line in found if not line.imported] or found
    return [line for line in lines if terminals is None or line.terminal in terminals]


def decisions_after(
    connection: Connection, number: int, which: Which = ALL, limit: int = PAGE
) -> list[KeptDecision]:
    """What has happened since somebody has read up to this number, in the order in which it was written."""
    happened = (DECISION.c.number > number, DECISION.c.imported.is_(False))
    asked = select(DECISION).where(*happened, *_conditions(connection, which))
    return _all(connection, asked.order_by(DECISION.c.number).limit(limit), KeptDecision.of)


def latest_number(connection: Connection) -> int:
    """Of the decision that was written last; 0: there is none."""
    return connection.execute(select(func.max(DECISION.c.number))).scalar_one() or 0


def visits(
    connection: Connection,
    span: Span = ALWAYS,
    terminals: Collection[str] | None = None,
    recogniser: str | None = None,
    before: Place | None = None,
    limit: int | None = PAGE,
) -> list[KeptVisit]:
    """`recogniser`: only visits by this one. `limit` None: all at once."""
    conditions = [*span.of(VISIT), *at(VISIT, terminals), *equal(VISIT.c.recogniser, recogniser)]
    return _page(connection, VISIT, conditions, before, limit, KeptVisit.of)


def acts(
    connection: Connection,
    span: Span = ALWAYS,
    operator: str | None = None,
    kinds: Collection[str] | None = None,
    subject: str | None = None,
    before: Place | None = None,
    limit: int = PAGE,
) -> list[KeptAct]:
    conditions = [*span.of(ACT), *equal(ACT.c.operator, operator), *equal(ACT.c.subject, subject)]
    return _page(connection, ACT, [*conditions, *among(ACT.c.kind, kinds)], before, limit, KeptAct.of)


def terminal_events(
    connection: Connection,
    span: Span = ALWAYS,
    terminals: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    before: Place | None = None,
    limit: int = PAGE,
) -> list[KeptTerminalEvent]:
    table = TERMINAL_EVENT
    conditions = [*span.of(table), *at(table, terminals), *among(table.c.kind, kinds)]
    return _page(connection, table, conditions, before, limit, KeptTerminalEvent.of)


def known_names(connection: Connection) -> list[str]:
    """Everybody whom a decision names."""
    names = distinct(DECISION.c.name)
    return list(connection.scalars(select(names.c.value).where(names.c.value.is_not(None))))


def _conditions(connection: Connection, which: Which) -> Conditions:
    table = DECISION.c
    conditions = [*which.span.of(DECISION), *at(DECISION, which.terminals)]
    conditions += equal(table.name, which.person) + equal(table.reason, which.reason)
    conditions += equal(table.verdict, which.verdict and which.verdict.value)
    if which.like is not None:  # databases do not agree on which letters are the same
        part = which.like.casefold()
        conditions += among(table.name, [name for name in known_names(connection) if part in name.casefold()])
    return conditions


def _page(
    connection: Connection,
    table: Table,
    conditions: Conditions,
    before: Place | None,
    limit: int | None,
    make: Callable[[RowMapping], T],
) -> list[T]:
    asked = select(table).where(*conditions)
    if before is not None:
        row = table.c.moment, table.c.number
        place = (literal(value, column.type) for value, column in zip(before, row, strict=True))
        asked = asked.where(tuple_(*row) < tuple_(*place))
    return _all(connection, asked.order_by(table.c.moment.desc(), table.c.number.desc()).limit(limit), make)


def _all(connection: Connection, asked: Select[Any], make: Callable[[RowMapping], T]) -> list[T]:
    return [make(row) for row in connection.execute(asked).mappings()]
