"""A request that is sent twice is done once: Idempotency-Key, for programs that lost the answer.

What was answered is kept in memory alone: it may hold a key or a token that is shown once.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problems import ProblemError, answer

KEY_CHARS = 100
KEEP_SECONDS = 24 * 3600.0
MOST = 1000
"""Answers; the oldest is forgotten first."""
ANSWER_BYTES = 64 << 10
"""A longer answer is not kept: the request is done again."""
BODY_BYTES = 64 << 10
"""A longer body, an upload, is told from another by its length alone."""
_Ident = tuple[str, str, str]


@dataclass
class _Answer:
    """`body`: digest of what was asked for. `messages`: what was answered, once it is known; None: it is not
    to be repeated."""

    at: float
    body: str
    done: "asyncio.Future[list[Message] | None]"


class Idempotency:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._app = app
        self._clock = clock
        self._answers: OrderedDict[_Ident, _Answer] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if _may_be_repeated(scope) else None
        if key is None:
            await self._app(scope, receive, send)
        elif not 1 <= len(key) <= KEY_CHARS:
            detail = f"An Idempotency-Key has 1 to {KEY_CHARS} characters."
            await answer(Request(scope), ProblemError.refused(detail))(scope, receive, send)
        else:
            await self._once(key, scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        digest, receive = await _digest(scope, receive)
        self._forget()
        ident = _caller(scope), scope["path"], key
        known = self._answers.get(ident)
        if known is None:
            await self._do(ident, digest, scope, receive, send)
        elif known.body != digest:
            detail = "This Idempotency-Key was used for another request."
            problem = ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", detail)
            await answer(Request(scope), problem)(scope, receive, send)
        else:
            messages = await asyncio.shield(known.done)
            if messages is None:
                await self._app(scope, receive, send)
            for message in messages or ():
                await send(message)

    async def _do(self, ident: _Ident, digest: str, scope: Scope, receive: Receive, send: Send) -> None:
        sent: list[Message] = []

        async def noted(message: Message) -> None:
            sent.append(message)
            await send(message)

        entry = _Answer(self._clock(), digest, asyncio.get_running_loop().create_future())
        self._answers[ident] = entry
        try:
            await self._app(scope, receive, noted)
        finally:
            kept = sent if _is_final(sent) else None
            entry.done.set_result(kept)
            if kept is None:
                self._answers.pop(ident, None)

    def _forget(self) -> None:
        oldest = self._clock() - KEEP_SECONDS
        while self._answers:
            entry = next(iter(self._answers.values()))
            if entry.at >= oldest and len(self._answers) < MOST:
                return
            self._answers.popitem(last=False)


def _may_be_repeated(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "POST")


def _caller(scope: Scope) -> str:
    headers = Headers(scope=scope)
    credentials = f"{headers.get('authorization')}\n{headers.get('cookie')}"
    return hashlib.sha256(credentials.encode()).hexdigest()


async def _digest(scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """Of the body, and how it is received once more."""
    length = Headers(scope=scope).get("content-length")
    if length is None or int(length) > BODY_BYTES:
        return f"length {length}", receive
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return hashlib.sha256(body).hexdigest(), again


def _is_final(sent: list[Message]) -> bool:
    """Whether it was done; what was refused may be possible later."""
    if not sent or sent[-1].get("more_body", False):
        return False
    size = sum(len(message.get("body", b"")) for message in sent)
    return size <= ANSWER_BYTES and int(sent[0]["status"]) < HTTPStatus.BAD_REQUEST
