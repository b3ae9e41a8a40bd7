"""Who follows what happens, by answers that do not end: each takes its part of the event loop."""

from collections import Counter
from collections.abc import AsyncIterator

from fastapi import Depends, WebSocketException
from starlette.requests import HTTPConnection
from websockets.frames import CloseCode

from server.accounts.rights import Caller
from server.web.callers import Seer
from server.web.problems import ProblemError

EACH = 32
"""Of one account: every tab that watches or shows the log is one, and every program that takes a stream."""


class Followers:
    """How many each account has at the moment. Owned by the event loop."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def come(self, caller: Caller) -> None:
        """Raises ProblemError: too many."""
        if self._counts[caller.account] >= EACH:
            raise ProblemError.busy(f"{EACH} pages and programs follow for this account already.")
        self._counts[caller.account] += 1

    def go(self, caller: Caller) -> None:
        self._counts[caller.account] -= 1
        if not self._counts[caller.account]:
            del self._counts[caller.account]


async def _following(connection: HTTPConnection, caller: Seer) -> AsyncIterator[None]:
    """Raises ProblemError; of a WebSocket WebSocketException."""
    followers: Followers = connection.app.state.followers
    try:
        followers.come(caller)
    except ProblemError as problem:
        if connection.scope["type"] == "websocket":
            raise WebSocketException(CloseCode.TRY_AGAIN_LATER, problem.document.detail) from None
        raise
    try:
        yield
    finally:
        followers.go(caller)


FOLLOWS = Depends(_following)
"""A dependency of every route whose answer does not end by itself."""
