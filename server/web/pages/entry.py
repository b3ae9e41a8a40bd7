"""The way in: signing in, setting a password, and one's own account."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from server.accounts import keys, second_factor, sessions
from server.accounts.rights import Caller
from server.web.callers import PUBLIC, Ports, SignedIn
from server.web.templating import page

router = APIRouter()


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
    return page(request, "account.html", caller=caller, **own)


def _own(connection: Connection, caller: Caller) -> dict[str, Any]:
    return {
        "second_factor": second_factor.key_of(connection, caller.account) is not None,
        "sessions": sessions.of_account(connection, caller.account),
        "keys": keys.of_account(connection, caller.account),
    }
