"""A clock that jumps is told of; one that is kept right is not."""

import asyncio

import pytest

from server.audit.security_log import SecurityEvent
from server.events import Events, TimePassed
from server.vitals.wall_clock import LOOK_SECONDS, WallClock
from tests.support.service import Heard


def watched(*jumps: float) -> Heard:
    """What sinks are told while the clock is set on by so many seconds before each look."""
    heard = Heard(SecurityEvent, TimePassed)
    events = Events([heard])
    passed, wall, to_come = 0.0, 1e9, iter(jumps)

    async def sleep(seconds: float) -> None:
        nonlocal passed, wall
        jump = next(to_come, None)
        if jump is None:
            raise asyncio.CancelledError
        passed += seconds
        wall += seconds + jump

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(WallClock(events, lambda: wall, lambda: passed, sleep).watch())
    events.close()
    return heard


def told(heard: Heard) -> list[object]:
    return [event.details["seconds"] for event in heard.events if isinstance(event, SecurityEvent)]


def test_each_jump_is_told_once_by_how_far_and_which_way(caplog: pytest.LogCaptureFixture) -> None:
    assert told(watched(0, 3600, 0, -86400.5, 0)) == [3600.0, -86400.5]
    ahead, back = caplog.messages
    assert "JUMPED 3600 s ahead" in ahead and "JUMPED 86400 s back" in back


def test_small_steps_are_no_jump(caplog: pytest.LogCaptureFixture) -> None:
    assert told(watched(*[2.0] * 10, *[-2.0] * 10)) == [] and caplog.messages == []


def test_sinks_learn_that_time_has_passed() -> None:
    heard = watched(0, 0, 0)
    assert heard.events == [TimePassed()] * 3
    assert LOOK_SECONDS <= 5, "what is told once a minute is told in time"
