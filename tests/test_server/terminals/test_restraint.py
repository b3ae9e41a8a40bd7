"""A terminal is read no faster than its allowance, and parted with where that does not help."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.terminals.allowance import END_SECONDS, MESSAGES_PER_SECOND, SECONDS_AT_ONCE, WARN_SECONDS
from server.terminals.restraint import Restraint
from tests.support import virtual_time
from wire import ErrorCode, ProtocolError


def restrained(test: Callable[[Restraint], Awaitable[None]]) -> None:
    async def run() -> None:
        await test(Restraint("'front'"))

    virtual_time.run(run())


def now() -> float:
    return asyncio.get_running_loop().time()


async def flood(restraint: Restraint) -> None:
    while True:
        await restraint.take(messages=1)


def test_a_flood_waits_and_what_is_within_the_allowance_does_not() -> None:
    async def test(restraint: Restraint) -> None:
        for _ in range(int(MESSAGES_PER_SECOND * SECONDS_AT_ONCE)):
            await restraint.take(messages=1)
        assert now() == 0
        for _ in range(120):
            await restraint.take(messages=1)
        assert now() == pytest.approx(120 / MESSAGES_PER_SECOND)

    restrained(test)


def test_whoever_goes_on_for_a_minute_is_warned_and_then_parted_with(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(restraint: Restraint) -> None:
        with pytest.raises(ProtocolError) as parted:
            await flood(restraint)
        assert parted.value.code is ErrorCode.TOO_MANY and restraint.broken
        assert END_SECONDS <= now() < END_SECONDS + 5

    restrained(test)
    assert [record.message for record in caplog.records if "sends too much" in record.message] == [
        "'front': sends too much; at most 120 messages and 8 MiB a second are read"
    ]


def test_whoever_begins_again_after_a_rest_is_warned_again(caplog: pytest.LogCaptureFixture) -> None:
    async def test(restraint: Restraint) -> None:
        for _ in range(2):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(flood(restraint), 2 * WARN_SECONDS)
            await asyncio.sleep(60)
            await restraint.take(messages=1)

    restrained(test)
    assert sum("sends too much" in record.message for record in caplog.records) == 2
