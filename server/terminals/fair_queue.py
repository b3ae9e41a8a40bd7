"""A queue that is fair between terminals and keeps only the newest frame of each."""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class FairQueue(Generic[K, T]):
    """One slot for each key, served round robin; at most one item of a key is out at any time."""

    def __init__(self) -> None:
        self._waiting: dict[K, T] = {}
        self._out: set[K] = set()
        self._changed = asyncio.Event()

    def put(self, key: K, item: T) -> bool:
        """Offer the newest item of `key`. Returns True when it replaced one that nobody had taken."""
        superseded = key in self._waiting
        self._waiting[key] = item
        self._changed.set()
        return superseded

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._waiting)

    async def take(self) -> tuple[K, T]:
        """The next item; its key is not served again before `done(key)`."""
        while True:
            for key in self._waiting:
                if key not in self._out:
                    self._out.add(key)
                    return key, self._waiting.pop(key)
            self._changed.clear()
            await self._changed.wait()

    def done(self, key: K) -> None:
        self._out.discard(key)
        self._changed.set()

    def drop(self, key: K) -> None:
        """Forget what `key` has waiting."""
        self._waiting.pop(key, None)

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()
