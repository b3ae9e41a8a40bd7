"""The way in: signing in, setting a password, and one's own account."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from server.web.callers import PUBLIC, SignedIn
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
async def account(request: Request, caller: SignedIn) -> Response:
    return page(request, "account.html", caller=caller)
