"""No page of another site can have a browser do anything here (cross-site request forgery)."""

from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.origin import same_origin
from server.web.problems import ProblemError, answer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing here."""


def is_ours(headers: Headers) -> bool:
    """Whether a request that changes something comes from a page of ours, or from a program. Browsers say by
    Sec-Fetch-Site, and older ones by Origin, where a page is from."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return same_origin(headers.get("origin"), headers.get("host", ""))


class SameSite:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writes = scope["type"] == "http" and scope["method"] not in SAFE
        if writes and not is_ours(Headers(scope=scope)):
            detail = "A page of another site asked for this."
            problem = ProblemError(HTTPStatus.FORBIDDEN, "cross_site", detail)
            await answer(Request(scope), problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
