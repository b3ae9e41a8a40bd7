"""A request that is sent twice is done once: Idempotency-Key, for programs that lost the answer.

What was answered is kept in memory alone: it may hold a key or a token that is shown once. It is told to the
account or key that asked, as long as that may what it could then, and to nobody else.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.accounts.rights import Caller
from server.web.callers import found_caller
from server.web.problems import ProblemError, answer

KEY_CHARS = 100
KEEP_SECONDS = 24 * 3600.0
MOST = 100
"""Answers to one account and its keys; the oldest is forgotten first."""
ANSWER_BYTES = 64 << 10
"""A longer answer is not kept: the request is done again."""
BODY_BYTES = 64 << 10
"""A longer body, an upload, is not compared with another: it is done as often as it is sent."""
_Ident = tuple[Caller, str, str]


@dataclass
class _Answer:
    """`asked`: digest of what was asked for. `messages`: what was answered, once it is known; None: it is not
    to be repeated."""

    at: float
    asked: str
    done: "asyncio.Future[list[Message] | None]"


class Idempotency:
    """ASGI middleware."""

    def __init__(
        self, app: ASGIApp, never: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`never`: beginnings of paths whose answers are not kept. `clock`: monotonic seconds."""
        self._app = app
        self._never = tuple(never)
        self._clock = clock
        self._answers: dict[int, OrderedDict[_Ident, _Answer]] = {}
        """By number of the account."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if self._may_be_repeated(scope) else None
        caller = None if key is None else await found_caller(HTTPConnection(scope))
        if key is None or caller is None:
            await self._app(scope, receive, send)
        elif not 1 <= len(key) <= KEY_CHARS:
            detail = f"An Idempotency-Key has 1 to {KEY_CHARS} characters."
            await answer(Request(scope), ProblemError.refused(detail))(scope, receive, send)
        else:
            ident = replace(caller, source="", session=None), scope["path"], key
            await self._once(ident, scope, receive, send)

    def _may_be_repeated(self, scope: Scope) -> bool:
        posted = scope["type"] == "http" and scope["method"] == "POST" and _length(scope) <= BODY_BYTES
        return posted and not scope["path"].startswith(self._never)

    async def _once(self, ident: _Ident, scope: Scope, receive: Receive, send: Send) -> None:
        asked, receive = await _digest(scope, receive)
        answers = self._answers.setdefault(ident[0].account, OrderedDict())
        self._forget(answers)
        while (known := answers.get(ident)) is not None:
            if known.asked != asked:
                detail = "This Idempotency-Key was used for another request."
                problem = ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", detail)
                return await answer(Request(scope), problem)(scope, receive, send)
            messages = await asyncio.shield(known.done)
            if messages is not None:
                for message in messages:
                    await send(message)
                return None
        answers[ident] = entry = _Answer(self._clock(), asked, asyncio.get_running_loop().create_future())
        messages = None
        try:
            messages = await self._do(scope, receive, send)
        finally:
            if messages is None and answers.get(ident) is entry:
                del answers[ident]
            entry.done.set_result(messages)

    async def _do(self, scope: Scope, receive: Receive, send: Send) -> list[Message] | None:
        """What was answered, if it is to be repeated."""
        sent: list[Message] = []

        async def noted(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, receive, noted)
        return sent if _is_final(sent) else None

    def _forget(self, answers: "OrderedDict[_Ident, _Answer]") -> None:
        """What is too old, and what there is no room for beside one more."""
        oldest = self._clock() - KEEP_SECONDS
        while answers:
            entry = next(iter(answers.values()))
            if entry.at >= oldest and len(answers) < MOST:
                return
            answers.popitem(last=False)


def _length(scope: Scope) -> float:
    """Of the body, in bytes; infinite where it is not told."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return float("inf")
    return int(headers.get("content-length", 0))


async def _digest(scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """Of all that is asked for but the path, and how it is received once more."""
    kind = Headers(scope=scope).get("content-type", "")
    digest = hashlib.sha256(repr((scope["query_string"], kind)).encode())
    received: list[Message] = []
    while not received or received[-1].get("more_body", False):
        received.append(await receive())
        digest.update(received[-1].get("body", b""))
    rest = iter(received)

    async def again() -> Message:
        return next(rest, None) or await receive()

    return digest.hexdigest(), again


def _is_final(sent: list[Message]) -> bool:
    """Whether it was done; what was refused may be possible later."""
    if not sent or sent[-1].get("more_body", False):
        return False
    size = sum(len(message.get("body", b"")) for message in sent)
    return size <= ANSWER_BYTES and int(sent[0]["status"]) < HTTPStatus.BAD_REQUEST
