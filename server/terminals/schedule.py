"""Whose frame is looked at next, which is not any more, and how soon each terminal's next one is wanted."""

import random
import time
from collections.abc import Callable

from server.terminals.congestion import STALE_SECONDS, Congestion
from server.terminals.fair_queue import FairQueue
from server.terminals.peer import Peer, PendingFrame

BEHIND_SECONDS = 0.02
"""So much work of each other terminal goes before a frame of one that nobody stands before: two looks."""
UNEVEN = 0.25
"""By which share pauses differ, so that terminals do not come back together."""


class Schedule:
    """The frames that wait, the newest of each terminal."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds, as frames are received by."""
        self._clock = clock
        self._queue: FairQueue[Peer, PendingFrame] = FairQueue()
        self._congestion = Congestion()
        self._draw = random.Random()  # noqa: S311 - spreads frames, guards nothing

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, peer: Peer, frame: PendingFrame, visited: bool) -> bool:
        """Returns whether it replaced one. `visited`: whether somebody stands before the terminal."""
        return self._queue.put(peer, frame, 0.0 if visited else BEHIND_SECONDS)

    async def take(self) -> tuple[Peer, PendingFrame]:
        """The next one; none of its terminal follows before `done`."""
        peer, frame = await self._queue.take()
        now = self._clock()
        self._congestion.waited(now - frame.received, now)
        return peer, frame

    def done(self, peer: Peer, seconds: float) -> None:
        """What was taken is done with, after so many seconds of work."""
        self._queue.done(peer, seconds)

    def drop_stale(self) -> list[tuple[Peer, PendingFrame, float]]:
        """Those that have waited for too long, and for how many seconds: they wait no more."""
        now = self._clock()
        waiting = [(peer, frame, now - frame.received) for peer, frame in self._queue.waiting()]
        stale = [each for each in waiting if each[2] > STALE_SECONDS]
        for peer, _, waited in stale:
            self._queue.drop(peer)
            self._congestion.waited(waited, now)
        return stale

    def drop(self, peer: Peer) -> None:
        self._queue.drop(peer)

    def clear(self) -> None:
        self._queue.clear()

    def next_seconds(self, frame: PendingFrame) -> float:
        """How soon the frame after this one is wanted; not above 0: as soon as there is one."""
        pause = self._congestion.pause * self._draw.uniform(1 - UNEVEN, 1 + UNEVEN)
        return pause - (self._clock() - frame.received)
