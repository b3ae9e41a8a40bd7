"""Pictures of the console are looked at one at a time, and only a few may wait: the doors come first."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

MOST_WAITING = 8
"""Requests that may wait beside the one in work; more are refused at once."""


class NoRoomError(Exception):
    """Too many wait."""


class Turns:
    """Owned by the event loop. Whoever has a place takes one `turn` after the other, in the order of asking:

    with turns.place():
        async with turns.turn: ...
    """

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self.turn = asyncio.Lock()
        self._most = most_waiting + 1
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Raises NoRoomError."""
        if self._taken >= self._most:
            raise NoRoomError
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
