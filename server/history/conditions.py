"""What rows are chosen by: a span of time, terminals, values. None always means: no condition."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import CTE, Column, ColumnElement, FromClause, func, select

from server.support.clock import milliseconds

Conditions: TypeAlias = list[ColumnElement[bool]]


@dataclass(frozen=True)
class Span:
    """From `since` on, and before `until`. A moment without a time zone is of this machine's clock."""

    since: datetime | None = None
    until: datetime | None = None

    def of(self, table: FromClause) -> Conditions:
        conditions = []
        if self.since is not None:
            conditions.append(table.c.moment >= milliseconds(self.since))
        if self.until is not None:
            conditions.append(table.c.moment < milliseconds(self.until))
        return conditions


ALWAYS = Span()


def at(table: FromClause, terminals: Collection[str] | None) -> Conditions:
    """Only what concerns these terminals."""
    return among(table.c.terminal, terminals)


def among(column: ColumnElement[Any], values: Collection[str] | None) -> Conditions:
    return [] if values is None else [column.in_(sorted(values))]


def equal(column: ColumnElement[Any], value: str | None) -> Conditions:
    return [] if value is None else [column == value]


def distinct(column: Column[Any]) -> CTE:
    """All values of a column that an index begins with, found by going from one to the next; `value` is None
    in one of its rows."""
    walk = select(func.min(column).label("value")).cte(f"each_{column.name}", recursive=True)
    following = select(func.min(column)).where(column > walk.c.value).scalar_subquery()
    return walk.union_all(select(following).where(walk.c.value.is_not(None)))
