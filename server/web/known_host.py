"""Whoever calls this server by a name that is not its own gets nothing."""

from http import HTTPStatus

from fastapi import Request, WebSocket
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.origin import is_called
from server.web.problems import ProblemError, answer


class KnownHost:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = scope["app"].state.running.settings.console_names
        if scope["type"] == "lifespan" or is_called(Headers(scope=scope).get("host", ""), names):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close()
        else:
            detail = "This server has another name. Behind a proxy, the setting web_name tells it."
            problem = ProblemError(HTTPStatus.MISDIRECTED_REQUEST, "misdirected_request", detail)
            await answer(Request(scope), problem)(scope, receive, send)
