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


async def served(queue: Queue, work: dict[str, float], seconds: float, behind: str = "") -> dict[str, float]:
    """How many seconds of work each key gets of so many, if each always has something waiting."""
    had = dict.fromkeys(work, 0.0)
    for key in work:
        queue.put(key, 0, 0.05 * (key in behind))
    while sum(had.values()) < seconds:
        key, _ = await queue.take()
        had[key] += work[key]
        queue.put(key, 0, 0.05 * (key in behind))
        queue.done(key, work[key])
    return had


def test_whose_items_take_ten_times_as_long_is_served_a_tenth_as_often() -> None:
    async def test(queue: Queue) -> None:
        had = await served(queue, {"a": 0.01, "b": 0.01, "slow": 0.1}, 60)
        assert all(abs(seconds - 20) < 0.3 for seconds in had.values())

    run(test)


def test_whoever_has_rested_is_owed_nothing() -> None:
    async def test(queue: Queue) -> None:
        await served(queue, {"a": 0.01}, 60)
        queue.drop("a")
        had = await served(queue, {"a": 0.01, "late": 0.01}, 10)
        assert abs(had["a"] - had["late"]) < 0.05

    run(test)


def test_the_less_urgent_come_later_and_are_not_starved() -> None:
    async def test(queue: Queue) -> None:
        queue.put("idle", 0, 0.05)
        queue.put("busy", 0)
        assert (await queue.take())[0] == "busy"
        queue.done("busy", 0.01)
        had = await served(queue, {"a": 0.01, "b": 0.01, "idle": 0.01}, 60, behind="idle")
        assert had["a"] == had["b"] > 2 * had["idle"] > 0
        queue.clear()
        for number in range(8):
            queue.put("idle", 0, 0.05)
            queue.put("busy", number)
            key, _ = await queue.take()
            queue.done(key, 0.01)
            if key == "idle":
                return
        raise AssertionError("it never has its turn")

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
