"""What the history says as a whole: counts, thresholds, who was seen last and where. All functions raise
sqlalchemy.exc.SQLAlchemyError. `terminals`: only what concerns these; None: all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from server.history.conditions import ALWAYS, Conditions, Span, at, distinct
from server.history.kept import moment_at
from server.history.tables import DECISION, TERMINAL_EVENT, VISIT
from server.history.thresholds import Line, grid_of
from wire import Verdict

GRID_VISITS = 5_000
"""The latest visits, which the statistics of thresholds are about."""
_MINUTE = 60 * 1000
_DAY = 24 * 60 * _MINUTE


class _Visit(NamedTuple):
    """What `server.history.thresholds.Tried` asks for."""

    candidate: str | None
    distance: float | None
    runner_up: float | None
    verdict: str | None
    reason: str | None
    name: str | None
    threshold: float | None


class Tally(NamedTuple):
    """How many lines of the access log say so."""

    granted: int = 0
    denied: int = 0


@dataclass(frozen=True)
class Counts:
    """Decisions of a span: by reason, by terminal, and by the day of the doors' clocks."""

    reasons: dict[str, Tally]
    terminals: dict[str, Tally]
    days: dict[date, Tally]


def counts(connection: Connection, span: Span, terminals: Collection[str] | None = None) -> Counts:
    """All of the span is read: 100,000 decisions take a tenth of a second."""
    table = DECISION.c
    day = (table.moment + table.utc_offset * _MINUTE) // _DAY
    conditions = [*span.of(DECISION), *at(DECISION, terminals)]
    days = _tallies(connection, day, conditions)
    return Counts(
        reasons=_tallies(connection, table.reason, conditions),
        terminals=_tallies(connection, table.terminal, conditions),
        days={date(1970, 1, 1) + timedelta(days=day): tally for day, tally in sorted(days.items())},
    )


def threshold_stats(
    connection: Connection,
    thresholds: Sequence[float],
    margin: float,
    recogniser: str,
    span: Span = ALWAYS,
    terminals: Collection[str] | None = None,
) -> list[Line]:
    """What each threshold would have recognised of the latest visits: see `server.history.thresholds`."""
    table = VISIT.c
    asked = select(*(table[name] for name in _Visit._fields)).where(*span.of(VISIT), *at(VISIT, terminals))
    latest = asked.where(table.recogniser == recogniser).order_by(table.moment.desc()).limit(GRID_VISITS)
    return grid_of([_Visit(*row) for row in connection.execute(latest)], thresholds, margin)


class Seen(NamedTuple):
    """Somebody's last grant. `moment`: by the door's clock."""

    moment: datetime
    terminal: str


def last_seen(connection: Connection, terminals: Collection[str] | None = None) -> dict[str, Seen]:
    """The last grant of everybody who has one, by name."""
    names, last = distinct(DECISION.c.name), DECISION.alias("last")
    number = (
        select(last.c.number)
        .where(last.c.name == names.c.value, last.c.verdict == Verdict.GRANTED.value, *at(last, terminals))
        .order_by(last.c.moment.desc(), last.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    grants = select(number.label("number")).select_from(names).where(names.c.value.is_not(None)).subquery()
    table = DECISION.c
    asked = select(table.name, table.moment, table.utc_offset, table.terminal)
    rows = connection.execute(asked.join(grants, grants.c.number == table.number))
    return {name: Seen(moment_at(moment, offset), terminal) for name, moment, offset, terminal in rows}


def known_terminals(connection: Connection) -> dict[str, datetime | None]:
    """Every terminal that anything is kept of, and when there was something last, by this machine's clock;
    None: all of it was imported."""
    known: dict[str, int] = {}
    for table, here in ((DECISION, [DECISION.c.imported.is_(False)]), (TERMINAL_EVENT, [])):
        names = distinct(table.c.terminal)
        there = table.c.terminal == names.c.value
        latest = select(func.max(table.c.moment)).where(there, *here).scalar_subquery()
        asked = select(names.c.value, latest).where(names.c.value.is_not(None))
        for terminal, moment in connection.execute(asked):
            known[terminal] = max(moment or 0, known.get(terminal, 0))
    return {terminal: moment_at(moment) if moment else None for terminal, moment in sorted(known.items())}


def _tallies(connection: Connection, by: ColumnElement[Any], conditions: Conditions) -> dict[Any, Tally]:
    granted = func.sum(case((DECISION.c.verdict == Verdict.GRANTED.value, 1), else_=0))
    rows = connection.execute(select(by, granted, func.count()).where(*conditions).group_by(by))
    return {key: Tally(granted, whole - granted) for key, granted, whole in rows}
