"""How often somebody may ask for anything at all: far more often than any page of ours does."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import Request, WebSocket
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.frames import CloseCode

from server.accounts.rights import Caller
from server.support.networks import network_of
from server.support.rate import RateLimit
from server.web.callers import find_caller, source
from server.web.problems import MEDIA_TYPE, ProblemDocument, ProblemError, answer
from server.web.same_site import SAFE

READS = 200.0, 2000.0
"""A second, and at once: a page of people loads 60 pictures."""
WRITES = 20.0, 400.0
STRANGERS = 30.0, 1000.0
"""Whatever is asked from an address without a key or session that holds. The page to sign in or of a terminal
is up to 20 requests, and all guards and terminals may have one address and load it at once."""
UNCOUNTED = frozenset({"/healthz", "/readyz"})
"""Whoever asks whether the server lives is told, whatever else comes from the same address."""
TOLD = (
    f"An account or key may ask for {READS[0]:g} reads and {WRITES[0]:g} writes a second, {READS[1]:g} and"
    f" {WRITES[1]:g} at once; whoever has neither {STRANGERS[0]:g} requests a second from one"
    f" address, {STRANGERS[1]:g} at once."
)


class Limits:
    """What each caller has left. Owned by the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._reads, self._writes, self._strangers = (
            RateLimit(*each, clock) for each in (READS, WRITES, STRANGERS)
        )

    def admit(self, caller: Caller | None, address: str, method: str) -> None:
        """Raises ProblemError: too often."""
        if caller is None:
            wait = self._strangers.take(network_of(address))
        else:
            wait = (self._reads if method in SAFE else self._writes).take(caller.title)
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            status = HTTPStatus.TOO_MANY_REQUESTS
            raise ProblemError(status, "too_many", "You ask too often.", headers=headers)


class Admission:
    """ASGI middleware: finds out who asks, for all that comes after it, and sends away who asks too often."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            connection.state.caller = await _admitted(connection)
        except ProblemError as problem:
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close(CloseCode.TRY_AGAIN_LATER)
            else:
                await answer(Request(scope), problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _admitted(connection: HTTPConnection) -> Caller | None:
    """Who asks. Raises ProblemError: too often."""
    if connection.scope["path"] in UNCOUNTED:
        return None
    caller = await find_caller(connection)
    limits: Limits = connection.app.state.limits
    limits.admit(caller, source(connection), connection.scope.get("method", "GET"))
    return caller


TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {
        "description": "Too often.",
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
        "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}},
    }
}
"""For the OpenAPI document."""
