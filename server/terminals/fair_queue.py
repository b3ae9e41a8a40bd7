"""A queue that is fair between terminals by the time they take, and keeps only the newest frame of each.

Start-time fair queueing (Goyal, Vin and Cheng, 1996): whoever waits is served in the order of when its turn
begins, on a clock that shows how much each has had. One whose items take ten times as long is served a tenth
as often, and whoever has had less than its share goes first.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass
class _Waiting(Generic[T]):
    """`turn`: when its turn begins, on the queue's own clock, in seconds of work; `behind`: how much later it
    is served for being less urgent."""

    item: T
    turn: float
    behind: float

    @property
    def order(self) -> float:
        return self.turn + self.behind


class FairQueue(Generic[K, T]):
    """One slot for each key; at most one item of a key is out at any time."""

    def __init__(self) -> None:
        self._waiting: dict[K, _Waiting[T]] = {}
        self._out: dict[K, float] = {}
        """Key -> its turn."""
        self._next: dict[K, float] = {}
        """Key -> when its next turn begins, where that is not now."""
        self._now = 0.0
        self._changed = asyncio.Event()

    def put(self, key: K, item: T, behind: float = 0.0) -> bool:
        """Offer the newest item of `key`; it keeps the turn of one that nobody has taken. Returns whether it
        replaced one. `behind`: how many seconds of work of every other key may go before it."""
        waiting = self._waiting.get(key)
        if waiting is None:
            turn = max(self._now, self._next.get(key, 0.0))
            self._waiting[key] = _Waiting(item, turn, behind)
        else:
            waiting.item = item
        self._changed.set()
        return waiting is not None

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._waiting)

    async def take(self) -> tuple[K, T]:
        """The next item; its key is not served again before `done(key)`."""
        while True:
            free = [key for key in self._waiting if key not in self._out]
            if free:
                key = min(free, key=lambda each: self._waiting[each].order)
                waiting = self._waiting.pop(key)
                self._now = max(self._now, waiting.turn)
                self._out[key] = waiting.turn
                return key, waiting.item
            self._changed.clear()
            await self._changed.wait()

    def done(self, key: K, seconds: float = 0.0) -> None:
        """What was out is done with, after so many seconds of work."""
        if key in self._out:
            self._next[key] = self._out.pop(key) + seconds
            if key in self._waiting:
                self._waiting[key].turn = max(self._waiting[key].turn, self._next[key])
            self._next = {each: turn for each, turn in self._next.items() if turn > self._now}
        self._changed.set()

    def waiting(self) -> list[tuple[K, T]]:
        """What waits, and could be taken."""
        return [(key, waiting.item) for key, waiting in self._waiting.items() if key not in self._out]

    def drop(self, key: K) -> None:
        """Forget what `key` has waiting."""
        self._waiting.pop(key, None)

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()
