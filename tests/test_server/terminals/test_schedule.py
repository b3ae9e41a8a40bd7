"""Which frames wait, for how long, and what their terminals are told of it."""

import asyncio
from collections.abc import Awaitable, Callable

from server.terminals.congestion import STALE_SECONDS, TARGET_SECONDS
from server.terminals.peer import PendingFrame
from server.terminals.schedule import Schedule
from tests.support.service import FakePeer


class Tried:
    """A schedule at a time of the test's own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.schedule = Schedule(lambda: self.now)
        self.peer = FakePeer()

    async def pass_through(self, frames: int, waiting: float) -> float:
        """So many frames, a tenth of a second apart. Returns how soon another one is wanted."""
        for seq in range(frames):
            self.now += 0.1
            frame = PendingFrame(seq, b"", self.now)
            self.schedule.put(self.peer, frame, visited=True)
            self.now += waiting
            await self.schedule.take()
            self.schedule.done(self.peer, 0.01)
        return self.schedule.next_seconds(frame)


def run(test: Callable[[Tried], Awaitable[None]]) -> None:
    async def tried() -> None:
        await test(Tried())

    asyncio.run(tried())


def test_while_frames_do_not_wait_terminals_send_as_they_like() -> None:
    async def test(tried: Tried) -> None:
        assert await tried.pass_through(50, waiting=TARGET_SECONDS / 2) <= 0

    run(test)


def test_once_frames_wait_for_long_terminals_are_asked_to_pause_until_they_do_not() -> None:
    async def test(tried: Tried) -> None:
        assert 0.2 < await tried.pass_through(50, waiting=4 * TARGET_SECONDS) < 3
        assert await tried.pass_through(600, waiting=0.0) <= 0

    run(test)


def test_terminals_are_not_asked_to_come_back_together() -> None:
    async def test(tried: Tried) -> None:
        await tried.pass_through(50, waiting=4 * TARGET_SECONDS)
        frame = PendingFrame(1, b"", tried.now)
        assert len({tried.schedule.next_seconds(frame) for _ in range(20)}) == 20

    run(test)


def test_only_what_waits_for_too_long_is_dropped_and_none_that_is_kept_back_for_its_own_terminal() -> None:
    async def test(tried: Tried) -> None:
        old, fresh, working = FakePeer("old"), FakePeer("fresh"), FakePeer("working")
        for peer in (working, old):
            tried.schedule.put(peer, PendingFrame(1, b"", tried.now), visited=True)
        assert (await tried.schedule.take())[0] is working
        tried.schedule.put(working, PendingFrame(2, b"", tried.now), visited=True)
        tried.now += 2 * STALE_SECONDS
        tried.schedule.put(fresh, PendingFrame(1, b"", tried.now), visited=True)
        ((dropped, _, waited),) = tried.schedule.drop_stale()
        assert dropped is old and waited == 2 * STALE_SECONDS
        assert len(tried.schedule) == 2

    run(test)
