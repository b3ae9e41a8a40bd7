"""The delay of the event loop."""

import asyncio
import time

import pytest

from server.vitals.loop_delay import EVERY_SECONDS, REMEMBERED, LoopDelay


class Late:
    """A clock, and a sleep that ends so much later each time."""

    def __init__(self, *delays: float) -> None:
        self.now = 0.0
        self._delays = iter(delays)

    async def sleep(self, seconds: float) -> None:
        try:
            self.now += seconds + next(self._delays)
        except StopIteration:
            raise asyncio.CancelledError from None


def watched(*delays: float) -> LoopDelay:
    late = Late(*delays)
    measured = LoopDelay(lambda: late.now, late.sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(measured.watch())
    return measured


def test_it_tells_the_last_delay_and_the_worst_of_a_minute() -> None:
    assert LoopDelay().last == LoopDelay().worst == 0.0
    measured = watched(0.0, 0.25, 0.125)
    assert (measured.last, measured.worst) == (0.125, 0.25)
    assert watched(1.0, *[0.0] * REMEMBERED).worst == 0.0
    assert REMEMBERED * EVERY_SECONDS == 60


def test_a_loop_that_stalls_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.vitals.loop_delay.EVERY_SECONDS", 0.01)

    async def stall() -> LoopDelay:
        measured = LoopDelay()
        watching = asyncio.ensure_future(measured.watch())
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251
        while measured.worst == 0.0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        watching.cancel()
        return measured

    assert asyncio.run(stall()).worst >= 0.05
