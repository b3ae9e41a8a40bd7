"""The decisions for people: as they happen, found again, and explained."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from server.accounts.rights import Right
from server.history import overview, queries
from server.history.kept import KeptDecision
from server.web.api.decisions import PAGE, Asked, explain_kept, kept_decision
from server.web.callers import Ports, Seer
from server.web.paging import Before, next_of
from server.web.templating import page
from server.web.why import reason_label
from wire.reasons import Reason
from wire.words import refusal

router = APIRouter(prefix="/log")


@router.get("")
async def log(request: Request, caller: Seer, asked: Asked, before: Before, running: Ports) -> Response:
    def found(sql: Connection) -> tuple[list[KeptDecision], list[str]]:
        known = [name for name in overview.known_terminals(sql) if caller.sees(name)]
        return queries.decisions(sql, asked, before, PAGE), known

    decisions, terminals = await running.database.read(found)
    return page(
        request,
        "log.html",
        caller=caller,
        decisions=decisions,
        next=next_of(decisions, PAGE),
        newest=before is None,
        terminals=terminals,
        reasons=[(each.value, reason_label(each)) for each in Reason],
        words=refusal,
        asked=request.query_params,
    )


@router.get("/{id}")
async def decision(request: Request, id: str, caller: Seer, running: Ports) -> Response:  # noqa: A002
    found, correction = await kept_decision(running, caller, id)
    return page(
        request,
        "decision.html",
        caller=caller,
        last=found[-1],
        lines=found,
        why=explain_kept(found, correction, running),
        people=sorted(running.photos.people()) if caller.may(Right.CORRECT) else [],
        words=refusal,
    )
