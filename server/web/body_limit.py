"""How much of a request is taken in, and for how long it is waited for: more is refused before it is read, or
as soon as it shows."""

import asyncio
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problems import ProblemError, answer, answer_of
from server.web.room import has_room

BODY_BYTES = 64 << 10
"""Of a request that is no upload."""
STALL_SECONDS = 30.0
"""How long is waited for `STEP_BYTES` more, or the end."""
STEP_BYTES = 64 << 10
ROOM_BYTES = 4 << 20
"""Of a form, whose files lie on the disk: so many come before it is looked whether there is room for more."""


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
        headers = Headers(scope=scope)
        if "content-length" in headers and "transfer-encoding" in headers:
            await answer(Request(scope), _ambiguous())(scope, receive, send)
            return
        announced = headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            problem = ProblemError.too_large(_too_large(limit))
            await answer(Request(scope), problem)(scope, receive, send)
            return
        is_form = headers.get("content-type", "").lower().startswith("multipart/")
        body = _Body(receive, limit, is_form)
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, body.receive, noted)
        except HTTPException as error:  # another middleware has read it
            if begun:
                raise
            await answer_of(Request(scope), error)(scope, receive, send)


class _Body:
    """What has come of a request. `is_form`: its files are kept on the disk while it comes."""

    def __init__(self, receive: Receive, limit: int, is_form: bool) -> None:
        self._receive = receive
        self._limit = limit
        self._is_form = is_form
        self._received = 0
        self._room_until = ROOM_BYTES
        self._left = STALL_SECONDS
        """Seconds until `_due` bytes must have come."""
        self._due = STEP_BYTES
        self._whole = False

    async def receive(self) -> Message:
        """Raises HTTPException."""
        if self._whole:
            return await self._receive()
        message = await self._in_time()
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._received > self._limit:
            raise _ended(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(self._limit))
        if self._is_form and self._received >= self._room_until:
            self._room_until = self._received + ROOM_BYTES
            await _require_room()
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            message = await asyncio.wait_for(self._receive(), self._left)
        except asyncio.TimeoutError:
            detail = f"Nothing more came for {STALL_SECONDS:g} seconds, or hardly anything; send it again."
            raise _ended(HTTPStatus.REQUEST_TIMEOUT, detail) from None
        self._left -= loop.time() - begun
        if (so_far := self._received + len(message.get("body", b""))) >= self._due:
            self._left, self._due = STALL_SECONDS, so_far + STEP_BYTES
        return message


async def _require_room() -> None:
    if not await asyncio.to_thread(has_room, Path(tempfile.gettempdir())):
        detail = "There is no room for the files: the disk is nearly full."
        raise _ended(HTTPStatus.INSUFFICIENT_STORAGE, detail)


def _ended(status: HTTPStatus, detail: str) -> HTTPException:
    """The rest of the request is not read, so there is no other one behind it."""
    return HTTPException(status, detail, {"Connection": "close"})


def _ambiguous() -> ProblemError:
    """A proxy may see the end of such a request, and the begin of the next, elsewhere."""
    detail = "A request tells its length by Content-Length or comes in chunks, not both."
    return ProblemError(HTTPStatus.BAD_REQUEST, "bad_request", detail, headers={"Connection": "close"})


def _too_large(limit: int) -> str:
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
    return f"This is too large: at most {size} are taken."
