"""One picture at a time, and few that wait."""

import asyncio

import pytest

from server.recognition.turns import NoRoomError, Turns


def test_one_is_in_work_at_a_time_and_all_have_their_turn() -> None:
    at_once, done, most = 0, 0, 0

    async def work(turns: Turns) -> None:
        nonlocal at_once, done, most
        with turns.place():
            for _ in range(3):
                async with turns.turn:
                    at_once += 1
                    most = max(most, at_once)
                    await asyncio.sleep(0)
                    at_once -= 1
                    done += 1

    async def all_of_them() -> None:
        turns = Turns(most_waiting=3)
        await asyncio.gather(*(work(turns) for _ in range(4)))

    asyncio.run(all_of_them())
    assert (most, done) == (1, 12)


def test_whoever_comes_when_all_places_are_taken_is_refused_until_one_is_free() -> None:
    turns = Turns(most_waiting=1)
    with turns.place():
        with turns.place(), pytest.raises(NoRoomError), turns.place():
            raise AssertionError("there was no room")
        with turns.place():
            pass
    with pytest.raises(KeyError), turns.place():
        raise KeyError
    with turns.place(), turns.place():
        pass
