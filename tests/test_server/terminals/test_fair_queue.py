"""The newest frame of each terminal, and every terminal in its turn."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.terminals.fair_queue import FairQueue

Queue = FairQueue[str, int]


def run(test: Callable[[Queue], Coroutine[Any, Any, None]]) -> None:
    async def with_queue() -> None:
        await test(FairQueue())

    asyncio.run(with_queue())


async def nothing_to_take(queue: Queue) -> bool:
    taking = asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    waits = not taking.done()
    taking.cancel()
    return waits


def test_the_newest_wins() -> None:
    async def test(queue: Queue) -> None:
        assert [queue.put("a", number) for number in (1, 2, 3)] == [False, True, True]
        assert await queue.take() == ("a", 3)
        assert queue.put("a", 4) is False

    run(test)


def test_one_of_a_key_is_out_at_a_time() -> None:
    async def test(queue: Queue) -> None:
        queue.put("a", 1)
        assert await queue.take() == ("a", 1)
        queue.put("a", 2)
        assert await nothing_to_take(queue)
        queue.done("a")
        assert await queue.take() == ("a", 2)

    run(test)


def test_a_busy_key_does_not_hold_up_others() -> None:
    async def test(queue: Queue) -> None:
        queue.put("a", 1)
        await queue.take()
        queue.put("a", 2)
        queue.put("b", 1)
        assert await queue.take() == ("b", 1)

    run(test)


def test_a_newer_item_keeps_its_place_in_the_row() -> None:
    async def test(queue: Queue) -> None:
        queue.put("a", 1)
        queue.put("b", 1)
        queue.put("a", 2)
        assert await queue.take() == ("a", 2)
        queue.done("a")
        queue.put("a", 3)
        assert await queue.take() == ("b", 1)
        assert await queue.take() == ("a", 3)

    run(test)


def test_whoever_waits_is_woken() -> None:
    async def test(queue: Queue) -> None:
        takers = [asyncio.ensure_future(queue.take()) for _ in range(2)]
        await asyncio.sleep(0)
        queue.put("a", 1)
        await asyncio.sleep(0)
        queue.put("b", 2)
        assert sorted(await asyncio.gather(*takers)) == [("a", 1), ("b", 2)]

    run(test)


def test_whoever_waits_for_a_busy_key_is_woken_when_it_is_done() -> None:
    async def test(queue: Queue) -> None:
        queue.put("a", 1)
        await queue.take()
        queue.put("a", 2)
        taker = asyncio.ensure_future(queue.take())
        await asyncio.sleep(0)
        queue.done("a")
        assert await taker == ("a", 2)

    run(test)


def test_what_is_dropped_is_not_served() -> None:
    async def test(queue: Queue) -> None:
        queue.put("a", 1)
        queue.put("b", 1)
        queue.drop("a")
        queue.drop("never seen")
        assert await queue.take() == ("b", 1)
        queue.put("a", 2)
        queue.clear()
        assert await nothing_to_take(queue)

    run(test)


def test_done_may_be_said_of_what_is_not_out() -> None:
    async def test(queue: Queue) -> None:
        queue.done("a")
        queue.put("a", 1)
        assert await queue.take() == ("a", 1)

    run(test)


actions = st.lists(
    st.tuples(st.sampled_from(["put", "take", "done", "drop"]), st.sampled_from("abcd")), max_size=60
)


@given(actions)
def test_it_behaves_like_a_row_of_slots(steps: list[tuple[str, str]]) -> None:
    async def test(queue: Queue) -> None:
        row: list[str] = []
        newest: dict[str, int] = {}
        out: set[str] = set()
        for number, (action, key) in enumerate(steps):
            if action == "put":
                assert queue.put(key, number) == (key in row)
                row += [] if key in row else [key]
                newest[key] = number
            elif action == "take":
                free = [each for each in row if each not in out]
                if free:
                    assert await queue.take() == (free[0], newest[free[0]])
                    row.remove(free[0])
                    out.add(free[0])
                else:
                    assert await nothing_to_take(queue)
            elif action == "done":
                queue.done(key)
                out.discard(key)
            else:
                queue.drop(key)
                row = [each for each in row if each != key]

    run(test)


@given(st.lists(st.sampled_from("abcd"), min_size=3, max_size=40))
def test_a_newcomer_never_overtakes_whoever_waits(eager: list[str]) -> None:
    async def test(queue: Queue) -> None:
        patient = ["x", "y", "z"]
        for key in patient:
            queue.put(key, 0)
        served: list[str] = []
        for key in eager:
            queue.put(key, 1)
            served.append((await queue.take())[0])
            queue.done(served[-1])
        assert served[:3] == patient

    run(test)
