"""How long a worker may take for a frame."""

import asyncio
import os
import sys
import time

import pytest

from server.access.seen import Hints
from server.support import osdep
from server.workers import patience
from server.workers.patience import Patience, frame_seconds

SHIPPED = Hints(min_face=48, max_faces=4, max_pixels=4_000_000)


@pytest.mark.parametrize(
    ("hints", "seconds"),
    [
        (SHIPPED, 2.0),
        (Hints(min_face=400, max_faces=1, max_pixels=10_000), 2.0),
        (Hints(min_face=48, max_faces=32, max_pixels=4_000_000), 16.0),
        (Hints(min_face=24, max_faces=4, max_pixels=8_000_000), 16.0),
    ],
)
def test_settings_that_let_a_frame_cost_more_give_it_longer(hints: Hints, seconds: float) -> None:
    assert frame_seconds(hints) == pytest.approx(seconds)


def given_up_after(
    monkeypatch: pytest.MonkeyPatch, seconds: float, longest: float, waiting: "float | None"
) -> float:
    """`waiting`: the share of the time for which the process waits for a processor."""
    began = time.monotonic()

    def waited(_: int) -> "float | None":
        return None if waiting is None else 7.0 + waiting * (time.monotonic() - began)

    monkeypatch.setattr(osdep, "waited_for_processor", waited)

    async def run() -> float:
        given_up = asyncio.Event()
        mine = Patience(1, seconds, longest, given_up.set)
        await given_up.wait()
        assert mine.over
        return time.monotonic() - began

    return asyncio.run(asyncio.wait_for(run(), 10.0))


def test_what_a_process_waits_for_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given_up_after(monkeypatch, 0.1, 5.0, 0.0) < 0.25
    assert 0.4 <= given_up_after(monkeypatch, 0.1, 5.0, 0.75) < 1.0


def test_no_task_takes_longer_than_the_longest_whatever_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0.3 <= given_up_after(monkeypatch, 0.1, 0.3, 1.0) < 1.0


def test_where_the_system_does_not_tell_the_clock_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0.3 <= given_up_after(monkeypatch, 0.1, 0.3, None) < 1.0


def test_whoever_is_done_is_not_given_up() -> None:
    async def run() -> None:
        mine = Patience(os.getpid(), 0.05, 0.05, lambda: pytest.fail("given up"))
        mine.end()
        await asyncio.sleep(0.1)
        assert not mine.over

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells")
def test_the_system_tells_what_a_process_waited() -> None:
    waited = osdep.waited_for_processor(os.getpid())
    assert waited is not None and waited >= 0
    assert osdep.waited_for_processor(2**22 + 1) is None
    assert patience.FRAME_SECONDS == 2.0
