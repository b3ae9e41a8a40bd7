"""The way in: signing in, setting a password, and one's own account."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from server.accounts import keys, second_factor, sessions
from server.accounts.rights import Caller, Right
from server.history import overview
from server.tokens.store import all_tokens
from server.web.callers import PUBLIC, Ports, SignedIn
from server.web.templating import page

router = APIRouter()
MEANINGS = {
    Right.SEE: "look at the doors, the log and the people",
    Right.VERIFY: "ask whether a picture shows somebody, or whom",
    Right.ENROL: "add, hold, rename and remove people's photos",
    Right.CORRECT: "say that a decision was wrong",
    Right.ADMINISTER: "lay down limits and rules, erase people, look after terminals and the site",
    Right.METRICS: "read the numbers for Prometheus",
}
"""What a right is for, on the page where a key gets some."""


@router.get("/")
async def home(caller: SignedIn) -> Response:
    return RedirectResponse("/live")


@router.get("/sign-in", dependencies=[PUBLIC])
async def sign_in(request: Request) -> Response:
    return page(request, "sign_in.html")


@router.get("/set-up", dependencies=[PUBLIC])
async def set_up(request: Request) -> Response:
    return page(request, "set_up.html")


@router.get("/account")
async def account(request: Request, caller: SignedIn, running: Ports) -> Response:
    own = await running.database.write(lambda sql: _own(sql, caller))
    known = {*own.pop("known"), *running.settings.tokens, *(caller.terminals or ())}
    terminals = sorted(filter(caller.sees, known))
    return page(request, "account.html", caller=caller, meanings=MEANINGS, terminals=terminals, **own)


def _own(connection: Connection, caller: Caller) -> dict[str, Any]:
    return {
        "known": {*overview.known_terminals(connection), *(each.terminal for each in all_tokens(connection))},
        "second_factor": second_factor.key_of(connection, caller.account) is not None,
        "sessions": sessions.of_account(connection, caller.account),
        "keys": keys.of_account(connection, caller.account),
    }
