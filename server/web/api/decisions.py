"""Decisions: listed, explained, as they happen, and as a file."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from server.access.explanation import Tried
from server.accounts.rights import Caller
from server.history import queries
from server.history.conditions import Span
from server.history.corrections import Correction, corrections
from server.history.kept import KeptDecision, Place
from server.history.queries import Which
from server.web.api.correction_models import CorrectionView
from server.web.callers import Ports, Seer, find_caller
from server.web.csv_lines import csv_lines
from server.web.followers import FOLLOWS
from server.web.live import CHECK_SECONDS
from server.web.moments import Moment
from server.web.paging import Before, next_of
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.why import explained
from wire import TERMINAL_CHARS, Verdict
from wire.words import refusal

router = APIRouter(prefix="/decisions", tags=["decisions"])
PAGE = 50
MOST = 500
EXPORT_PAGE = 1000
NAME_CHARS = 256
REASON_CHARS = 64


FILES: dict[str, dict[str, Any]] = {"text/csv": {}, "application/x-ndjson": {}}


class Near(BaseModel):
    """Somebody enrolled, and how far the face was from them."""

    name: str
    distance: float


class DecisionView(BaseModel):
    """One decision. `moment`: milliseconds since 1970. `words`: the reason in plain words.
    `looks`: how often the face was compared. `imported`: it came with an archive, and is no line here. What
    an old line does not tell is null."""

    id: str
    moment: int
    time: datetime
    terminal: str
    verdict: str
    name: str | None
    reason: str
    words: str
    distance: float | None
    runner_up: float | None
    threshold: float | None
    looks: int | None
    liveness: str | None
    accompanied: bool
    latency_ms: int | None
    nearest: list[Near]
    imported: bool

    @classmethod
    def of(cls, kept: KeptDecision) -> "DecisionView":
        values = {key: value for key, value in vars(kept).items() if key not in ("place", "nearest")}
        return cls(
            **{
                **values,
                "moment": kept.place.moment,
                "time": kept.moment,
                "words": refusal(kept.reason),
                "nearest": [Near(name=each.name, distance=each.distance) for each in kept.nearest],
            }
        )


class DecisionPage(BaseModel):
    """`next`: the `before` of the page that follows; null: there is none."""

    decisions: list[DecisionView]
    next: str | None


class TriedView(BaseModel):
    """What a threshold says of the looks taken together. `risk`: the share of strangers' visits that it lets
    in. `said`: recognised, unknown_face or near_tie; null: nothing was compared."""

    risk: float
    threshold: float
    said: str | None
    name: str | None

    @classmethod
    def of(cls, tried: Tried) -> "TriedView":
        said = None if tried.said is None else tried.said.value
        return cls(risk=tried.risk, threshold=tried.threshold, said=said, name=tried.name)


class Explained(BaseModel):
    """`lines`: one, or two where a grant could not be told and was taken back. `sentence`: why, in plain
    words. `now`: what today's threshold would say; `at_risks`: other ones, the loosest first. `correction`:
    what somebody has said since, if it was wrong."""

    lines: list[DecisionView]
    sentence: str
    now: TriedView | None
    at_risks: list[TriedView]
    correction: CorrectionView | None


class Format(str, Enum):
    """Of a file."""

    CSV = "csv"
    JSON = "json"


Text = Annotated[str | None, Query(min_length=1, max_length=NAME_CHARS)]


def which(
    caller: Seer,
    person: Annotated[Text, Query(description="Exactly this name.")] = None,
    like: Annotated[Text, Query(description="A name with this somewhere in it.")] = None,
    terminal: Annotated[list[Annotated[str, Field(max_length=TERMINAL_CHARS)]], Query(max_length=100)] = [],  # noqa: B006
    verdict: Verdict | None = None,
    reason: Annotated[str | None, Query(max_length=REASON_CHARS)] = None,
    since: Moment = None,
    until: Moment = None,
) -> Which:
    """What is asked for, of what the caller may see."""
    seen = None if not terminal and caller.terminals is None else set(terminal or caller.terminals or ())
    if seen is not None and caller.terminals is not None:
        seen &= caller.terminals
    return Which(
        span=Span(since, until),
        terminals=seen,
        person=person,
        like=like,
        verdict=verdict,
        reason=reason,
    )


Asked = Annotated[Which, Depends(which)]


@router.get("")
async def decisions(
    asked: Asked, before: Before, running: Ports, limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE
) -> DecisionPage:
    """The decisions that fulfil all conditions, newest first."""
    found = await running.database.read(lambda sql: queries.decisions(sql, asked, before, limit))
    return DecisionPage(decisions=[DecisionView.of(each) for each in found], next=next_of(found, limit))


@router.get("/stream", response_class=EventSourceResponse, dependencies=[FOLLOWS])
async def stream(
    asked: Asked,
    caller: Seer,
    running: Ports,
    request: Request,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=64)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Decisions as they happen, as server-sent events. The id of an event is the decision's: who comes back
    with it misses none."""
    news, turn = running.news, running.news.turn
    number = await running.database.read(lambda sql: _number(sql, last))
    async for _ in _ticks(running, caller, request):
        found = await running.database.read(
            partial(queries.decisions_after, number=number, which=asked, limit=MOST)
        )
        for each in found:
            number = each.place.number
            yield ServerSentEvent(data=DecisionView.of(each), event="decision", id=each.id)
        if not found:
            turn = await _news(news, turn)


def _number(connection: Connection, last: str | None) -> int:
    """Up to where somebody has read who comes back with this id."""
    known = queries.decision_by_id(connection, last) if last else []
    return known[-1].place.number if known else queries.latest_number(connection)


async def _news(news: Any, turn: int) -> int:
    """Wait for news, but not for long."""
    try:
        return int(await asyncio.wait_for(news.after(turn), CHECK_SECONDS))
    except asyncio.TimeoutError:
        return turn


async def _ticks(running: Running, caller: Caller, request: Request) -> AsyncIterator[None]:
    """Go on as long as the caller may see what it does now, and the server runs."""
    loop = asyncio.get_running_loop()
    checked = loop.time()
    while not request.app.state.stopping.is_set():
        yield
        if loop.time() - checked >= CHECK_SECONDS:
            checked, present = loop.time(), await find_caller(request)
            if present is None or present.rights != caller.rights or present.terminals != caller.terminals:
                return


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": FILES}})
async def export(asked: Asked, running: Ports, format: Format = Format.CSV) -> Response:  # noqa: A002
    """All decisions that fulfil the conditions, as a file: CSV, or JSON lines."""
    name = f"decisions.{'csv' if format is Format.CSV else 'jsonl'}"
    kind = "text/csv; charset=utf-8" if format is Format.CSV else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(asked, running, format), media_type=kind, headers=headers)


async def _lines(asked: Which, running: Running, form: Format) -> AsyncIterator[bytes]:
    if form is Format.CSV:
        yield csv_lines([list(DecisionView.model_fields)])
    before: Place | None = None
    while True:
        page = partial(queries.decisions, which=asked, before=before, limit=EXPORT_PAGE)
        found = await running.database.read(page)
        rows = [DecisionView.of(each).model_dump(mode="json") for each in found]
        yield csv_lines(map(_row, rows)) if form is Format.CSV else _json(rows)
        if len(found) < EXPORT_PAGE:
            return
        before = found[-1].place


def _row(values: dict[str, Any]) -> list[object]:
    nearest = "; ".join(f"{each['name']} {each['distance']}" for each in values["nearest"])
    return list({**values, "nearest": nearest}.values())


def _json(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@router.get("/{id}")
async def decision(id: Annotated[str, Field(max_length=64)], caller: Seer, running: Ports) -> Explained:  # noqa: A002
    """One decision, and why it came out so."""
    return explain_kept(*await kept_decision(running, caller, id), running)


async def kept_decision(
    running: Running, caller: Caller, identity: str
) -> tuple[list[KeptDecision], Correction | None]:
    """The lines of a decision that the caller may see, and its correction. Raises ProblemError."""

    def read(sql: Connection) -> tuple[list[KeptDecision], Correction | None]:
        lines = queries.decision_by_id(sql, identity, caller.terminals)
        return lines, corrections(sql, [identity]).get(identity)

    lines, correction = await running.database.read(read)
    if not lines:
        raise ProblemError.not_found("There is no such decision.")
    return lines, correction


def explain_kept(found: list[KeptDecision], correction: Correction | None, running: Running) -> Explained:
    """`found`: the lines of one decision."""
    why = explained(found[-1], running.rules.rules, running.gallery().population)
    return Explained(
        lines=[DecisionView.of(each) for each in found],
        sentence=why.sentence,
        now=None if why.now is None else TriedView.of(why.now),
        at_risks=[TriedView.of(each) for each in why.at_risks],
        correction=None if correction is None else CorrectionView.of(correction),
    )
