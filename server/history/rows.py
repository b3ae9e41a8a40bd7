"""Rows of the history's tables, as they are written: made of log lines and events. Pure."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from server.access.decision import Nearest
from server.access.outcome import VisitSummary
from server.audit.operator_log import Act
from server.history.kept import TerminalEventKind
from server.support.clock import milliseconds

Row: TypeAlias = dict[str, Any]
"""A value for each column but `number`."""

LARGEST = 2**63 - 1
"""What a BIGINT holds."""


def decision_row(fields: Mapping[str, str | None], nearest: Sequence[Nearest] = ()) -> Row:
    """`fields`: a line of the access log, as `server.audit.access_log.parse` gives it; older lines may have
    fewer. Raises ValueError: one of them is no number or no time, or an id or a reason is missing."""
    moment = datetime.fromisoformat(fields["time"] or "")
    if moment.tzinfo is None or fields.get("id") is None or fields.get("reason") is None:
        raise ValueError("not a whole line of an access log")
    return {
        "moment": milliseconds(moment),
        "utc_offset": _offset(moment),
        "terminal": fields["terminal"],
        "verdict": (fields["verdict"] or "").lower(),
        "name": fields["name"],
        "distance": _float(fields.get("distance")),
        "runner_up": _float(fields.get("runner_up")),
        "threshold": _float(fields.get("threshold")),
        "looks": _int(fields.get("frames")),
        "liveness": fields.get("liveness"),
        "accompanied": fields.get("accompanied") == "yes",
        "reason": fields["reason"],
        "latency_ms": _int(fields.get("latency_ms")),
        "id": fields["id"],
        "nearest": json.dumps([[each.name, round(each.distance, 3)] for each in nearest])
        if nearest
        else None,
    }


def visit_row(terminal: str, moment: datetime, summary: VisitSummary) -> Row:
    """`moment`: of this machine's clock."""
    decision = summary.decision
    return {
        "moment": milliseconds(moment),
        "terminal": terminal,
        "decision": decision.id if decision else None,
        "verdict": decision.verdict.value if decision else None,
        "reason": decision.reason.value if decision else None,
        "name": decision.name if decision else None,
        "threshold": decision.threshold if decision else None,
        "candidate": summary.candidate,
        "distance": summary.distance,
        "runner_up": summary.runner_up,
        "people": summary.people,
        "photos": summary.photos,
        "looks": summary.looks,
        "seconds": summary.seconds,
        "liveness": summary.liveness.value,
        "recogniser": summary.recogniser,
    }


def act_row(act: Act) -> Row:
    return {
        "moment": milliseconds(act.moment),
        "utc_offset": _offset(act.moment),
        "operator": act.operator,
        "kind": act.kind.value,
        "subject": act.subject,
        "source": act.source,
        "details": json.dumps(dict(act.details)),
    }


def terminal_event_row(
    moment: datetime,
    terminal: str,
    kind: TerminalEventKind,
    session: str,
    detail: Mapping[str, Any] | None = None,
) -> Row:
    """`detail`: what JSON can tell."""
    return {
        "moment": milliseconds(moment),
        "terminal": terminal,
        "kind": kind.value,
        "session": session,
        "detail": None if detail is None else json.dumps(dict(detail)),
    }


def _offset(moment: datetime) -> int:
    """Minutes."""
    return (moment.utcoffset() or timedelta()) // timedelta(minutes=1)


def _float(text: str | None) -> float | None:
    if text is None:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def _int(text: str | None) -> int | None:
    if text is None:
        return None
    value = int(text)
    if abs(value) > LARGEST:
        raise ValueError(f"{text} is too large a number")
    return value
