"""What operators did."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from sqlalchemy import Connection

from server.audit.operator_log import ActKind
from server.history import queries
from server.history.conditions import Span
from server.history.kept import KeptAct, Place
from server.web.acting import note_export
from server.web.callers import Administrator, Ports
from server.web.csv_lines import csv_lines
from server.web.moments import Moment
from server.web.paging import Before, next_of
from server.web.problems import ProblemError
from server.web.running import Running

router = APIRouter(tags=["system"])
PAGE = 50
MOST = 500
EXPORT_PAGE = 1000
Text = Annotated[str | None, Query(min_length=1, max_length=256)]


class ActView(BaseModel):
    """Something that an operator did. `moment`: milliseconds since 1970. `operator`: such as "account:jane".
    `source`: the address it came from. `subject`: on whom or what."""

    moment: int
    time: datetime
    operator: str
    kind: str
    subject: str | None
    source: str | None
    details: dict[str, str]

    @classmethod
    def of(cls, kept: KeptAct) -> "ActView":
        values = {name: value for name, value in vars(kept).items() if name != "place"}
        return cls(**{**values, "moment": kept.place.moment, "time": kept.moment})


class ActPage(BaseModel):
    """`next`: the `before` of the page that follows; null: there is none."""

    acts: list[ActView]
    next: str | None


class WhichActs:
    """A dependency: acts that fulfil every condition that is given, for who may see them all."""

    def __init__(
        self,
        caller: Administrator,
        operator: Annotated[Text, Query(description="Exactly this operator.")] = None,
        kind: Annotated[list[ActKind], Query(max_length=100)] = [],  # noqa: B006
        subject: Annotated[Text, Query(description="Exactly this person or thing.")] = None,
        since: Moment = None,
        until: Moment = None,
    ) -> None:
        if caller.terminals is not None:
            detail = "The record is about all terminals, and you see only some."
            raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
        self._conditions: dict[str, Any] = {
            "span": Span(since, until),
            "operator": operator,
            "kinds": [each.value for each in kind] or None,
            "subject": subject,
        }

    def page(self, connection: Connection, before: Place | None, limit: int) -> list[KeptAct]:
        return queries.acts(connection, **self._conditions, before=before, limit=limit)


Asked = Annotated[WhichActs, Depends()]


@router.get("/acts")
async def acts(
    asked: Asked,
    caller: Administrator,
    before: Before,
    running: Ports,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> ActPage:
    """What operators did, newest first."""
    found = await running.database.read(lambda sql: asked.page(sql, before, limit))
    return ActPage(acts=[ActView.of(each) for each in found], next=next_of(found, limit))


@router.get("/acts/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def export_acts(asked: Asked, caller: Administrator, running: Ports, request: Request) -> Response:
    """All acts that fulfil the conditions, as CSV. The record says so first."""
    await note_export(request, running, caller, "acts")
    headers = {"Content-Disposition": 'attachment; filename="operators.csv"'}
    kind = "text/csv; charset=utf-8"
    return StreamingResponse(_lines(asked, running), media_type=kind, headers=headers)


async def _lines(asked: WhichActs, running: Running) -> AsyncIterator[bytes]:
    yield csv_lines([list(ActView.model_fields)])
    before: Place | None = None
    while True:
        found = await running.database.read(partial(asked.page, before=before, limit=EXPORT_PAGE))
        yield csv_lines(map(_row, found))
        if len(found) < EXPORT_PAGE:
            return
        before = found[-1].place


def _row(kept: KeptAct) -> list[object]:
    values = ActView.of(kept).model_dump(mode="json")
    details = "; ".join(f"{name}={value}" for name, value in kept.details.items())
    return list({**values, "details": details}.values())
