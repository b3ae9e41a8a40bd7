"""What is kept, as it is read: a value for each row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from server.access.decision import Nearest

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Place(NamedTuple):
    """Where a row stands, newest first: its time, milliseconds since 1970, and its number. A page goes on
    after the place of its last row."""

    moment: int
    number: int


@dataclass(frozen=True)
class KeptDecision:
    """A line of the access log. `moment`: by the door's clock. `nearest`: nearest first; the log does not
    tell it. `imported`: it came with an archive. What an older line does not tell is None."""

    place: Place
    moment: datetime
    terminal: str
    verdict: str
    name: str | None
    distance: float | None
    runner_up: float | None
    threshold: float | None
    looks: int | None
    liveness: str | None
    accompanied: bool
    reason: str
    latency_ms: int | None
    id: str
    nearest: tuple[Nearest, ...]
    imported: bool

    @classmethod
    def of(cls, row: RowMapping) -> "KeptDecision":
        nearest = tuple(Nearest(name, distance) for name, distance in json.loads(row["nearest"] or "[]"))
        return cls(**{**_common(row), "nearest": nearest})


@dataclass(frozen=True)
class KeptVisit:
    """A visit that is over. `moment`: when it was, by this machine's clock. `decision` (its id), `verdict`,
    `reason`, `name`, `threshold`: of its last decision, None without one. The rest as in
    `server.access.outcome.VisitSummary`."""

    place: Place
    moment: datetime
    terminal: str
    decision: str | None
    verdict: str | None
    reason: str | None
    name: str | None
    threshold: float | None
    candidate: str | None
    distance: float | None
    runner_up: float | None
    people: int
    photos: int
    looks: int
    seconds: float
    liveness: str
    recogniser: str

    @classmethod
    def of(cls, row: RowMapping) -> "KeptVisit":
        return cls(**_common(row))


@dataclass(frozen=True)
class KeptAct:
    """A line of the operator log, as in `server.audit.operator_log.Act`. `kind`: of `ActKind`."""

    place: Place
    moment: datetime
    operator: str
    kind: str
    subject: str | None
    source: str | None
    details: Mapping[str, str]

    @classmethod
    def of(cls, row: RowMapping) -> "KeptAct":
        return cls(**{**_common(row), "details": json.loads(row["details"])})


class TerminalEventKind(str, Enum):
    """What happens to a terminal."""

    CONNECTED = "connected"
    LEFT = "left"
    HEALTH = "health"


@dataclass(frozen=True)
class KeptTerminalEvent:
    """Something about a terminal has changed. `kind`: of `TerminalEventKind`. `session`: of its connection.
    `detail`: what else there is to know."""

    place: Place
    moment: datetime
    terminal: str
    kind: str
    session: str
    detail: Mapping[str, Any] | None

    @classmethod
    def of(cls, row: RowMapping) -> "KeptTerminalEvent":
        detail = None if row["detail"] is None else json.loads(row["detail"])
        return cls(**{**_common(row), "detail": detail})


def moment_at(milliseconds: int, utc_offset: int | None = None) -> datetime:
    """`utc_offset`: minutes; None: this machine's."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.astimezone(None if utc_offset is None else timezone(timedelta(minutes=utc_offset)))


def _common(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    number, offset = values.pop("number"), values.pop("utc_offset", None)
    return {**values, "place": Place(row["moment"], number), "moment": moment_at(row["moment"], offset)}
