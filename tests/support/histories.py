"""What is written into histories, and into the logs that they are made of."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from server.access.decision import Decision, Nearest
from server.audit.access_log import AccessEntry, parse
from server.audit.operator_log import Act, ActKind
from server.database.database import Database
from server.history.rows import Row, decision_row
from server.history.tables import DECISION
from server.history.writing import add
from wire import Verdict
from wire.reasons import Reason

START = datetime(2026, 11, 22, 8, 30, tzinfo=timezone(timedelta(hours=1)))


def minutes(number: float) -> datetime:
    """After `START`."""
    return START + timedelta(minutes=number)


def entry(
    number: int,
    name: str | None = "Ada",
    terminal: str = "front",
    reason: Reason = Reason.RECOGNISED,
    moment: datetime | None = None,
    nearest: Sequence[Nearest] = (),
) -> AccessEntry:
    """Decision `number`, so many minutes after `START` where no moment is given."""
    decision = Decision(
        id=f"d{number}",
        verdict=Verdict.GRANTED if reason is Reason.RECOGNISED else Verdict.DENIED,
        name=name,
        reason=reason,
        distance=0.5,
        runner_up=0.9,
        threshold=0.8,
        looks=4,
        nearest=tuple(nearest),
    )
    return AccessEntry(moment or minutes(number), terminal, decision, latency_ms=50)


def decision(*arguments: Any, **named: Any) -> Row:
    """The row of an `entry`."""
    made = entry(*arguments, **named)
    return decision_row(parse(made.line()), made.decision.nearest)


def act(
    number: int,
    kind: ActKind = ActKind.PHOTO_ADDED,
    subject: str | None = "Ada",
    operator: str = "account:jane",
) -> Act:
    """So many minutes after `START`."""
    return Act(minutes(number), operator, kind, subject, "192.0.2.7", {"photo": f"{number}.jpg"})


def write_log(path: Path, *lines: AccessEntry | Act | bytes) -> Path:
    """A file of these lines; bytes as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = [each if isinstance(each, bytes) else each.line().encode() + b"\n" for each in lines]
    path.write_bytes(b"".join(data))
    return path


def fill(database: Database, *rows: Row) -> None:
    """With these decisions."""
    database.write_here(lambda connection: add(connection, [(DECISION, row) for row in rows]))
