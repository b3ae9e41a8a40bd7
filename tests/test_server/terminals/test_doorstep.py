"""Who is spoken to at all."""

import pytest

from server.terminals.doorstep import (
    ARRIVALS_AT_ONCE,
    ARRIVALS_PER_SECOND,
    FAILURES_FREE,
    FULL,
    FULL_PENALISED,
    MOST,
    RATE,
    START,
    Doorstep,
    chance,
)


class Tried:
    def __init__(self, drawn: float = 0.0) -> None:
        self.now = 0.0
        self.doorstep = Doorstep(lambda: self.now, lambda: drawn)


def test_a_site_comes_back_at_once_and_a_flood_is_held_to_the_rate() -> None:
    tried = Tried()
    let = [not tried.doorstep.turns_away("10.0.0.1", 0) for _ in range(int(ARRIVALS_AT_ONCE) + 100)]
    assert sum(let) == ARRIVALS_AT_ONCE and all(let[: int(ARRIVALS_AT_ONCE)])
    assert not tried.doorstep.turns_away("10.0.0.2", 0), "another address"
    for _ in range(1000):
        tried.now += 0.01
        let.append(not tried.doorstep.turns_away("10.0.0.1", 0))
    assert sum(let) == pytest.approx(ARRIVALS_AT_ONCE + 10 * ARRIVALS_PER_SECOND, abs=2)


@pytest.mark.parametrize(
    ("strangers", "drawn", "away"),
    [
        (START - 1, 0.0, False),
        (START, RATE - 0.01, True),
        (START, RATE + 0.01, False),
        (FULL, MOST - 0.01, True),
        (FULL, MOST + 0.01, False),
        (2 * FULL, MOST + 0.01, False),
    ],
)
def test_the_more_strangers_of_a_network_the_more_are_turned_away(
    strangers: int, drawn: float, away: bool
) -> None:
    assert Tried(drawn).doorstep.turns_away("10.0.0.1", strangers) is away


def test_a_network_that_a_terminal_came_from_is_always_spoken_to() -> None:
    tried = Tried()
    tried.doorstep.welcomed("10.0.0.1")
    assert not any(tried.doorstep.turns_away("10.0.0.1", FULL) for _ in range(1000))
    assert tried.doorstep.turns_away("10.0.0.2", FULL)


def test_the_chance_grows_evenly() -> None:
    assert chance((START + FULL) // 2) == pytest.approx((RATE + MOST) / 2)


def test_who_says_no_hello_again_and_again_has_few_places_for_longer_each_time() -> None:
    tried = Tried()
    for _ in range(FAILURES_FREE - 1):
        tried.doorstep.failed("10.0.0.1")
    assert tried.doorstep.most("10.0.0.1") == FULL
    tried.doorstep.failed("10.0.0.1")
    assert tried.doorstep.most("10.0.0.1") == FULL_PENALISED
    assert tried.doorstep.most("10.0.0.2") == FULL
    tried.now += 2
    assert tried.doorstep.most("10.0.0.1") == FULL
    tried.doorstep.failed("10.0.0.1")
    tried.now += 2
    assert tried.doorstep.most("10.0.0.1") == FULL_PENALISED
    tried.now += 2
    assert tried.doorstep.most("10.0.0.1") == FULL
