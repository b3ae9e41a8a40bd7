"""How much of a request is taken in: more is refused before it is read, or as soon as it shows."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problems import ProblemError, answer

BODY_BYTES = 64 << 10
"""Of a request that is no upload."""


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, uploads: Mapping[str, int]) -> None:
        """`uploads`: beginning of a path -> how many bytes a request to it may have."""
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next(
            (most for start, most in self._uploads.items() if scope["path"].startswith(start)), BODY_BYTES
        )
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            problem = ProblemError.too_large(_detail(limit))
            await answer(Request(scope), problem)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _detail(limit))
            return message

        await self._app(scope, counted, send)


def _detail(limit: int) -> str:
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
    return f"This is too large: at most {size} are taken."
