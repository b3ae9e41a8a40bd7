"""How much of what a terminal sends is read."""

import pytest

from server.terminals.allowance import (
    BYTES_PER_SECOND,
    END_SECONDS,
    MESSAGES_PER_SECOND,
    SECONDS_AT_ONCE,
    Allowance,
)


def read_for(allowance: Allowance, seconds: float, *, size: int, now: float = 0.0) -> tuple[int, float]:
    """How many messages of a peer that sends without end are read, and until when."""
    read, end = 0, now + seconds
    while now < end:
        read += 1
        now += allowance.take(now, size=size, messages=1)
    return read, now


@pytest.mark.parametrize(("fps", "size"), [(15, 60_000), (30, 60_000), (60, 60_000), (30, 250_000)])
def test_a_terminal_that_sends_a_frame_at_a_time_never_waits(fps: int, size: int) -> None:
    allowance = Allowance(0.0)
    for number in range(fps * 120):
        assert allowance.take(number / fps, size=size, messages=1) == 0
    assert allowance.exceeded(120.0) == 0


@pytest.mark.parametrize("size", [20, 20_000, 1_000_000])
def test_whoever_sends_without_end_is_read_at_the_rate(size: int) -> None:
    read, seconds = read_for(Allowance(0.0), 60, size=size)
    per_second = min(MESSAGES_PER_SECOND, BYTES_PER_SECOND / size)
    assert read == pytest.approx(per_second * (seconds + SECONDS_AT_ONCE), rel=0.02)


def test_it_is_known_for_how_long_somebody_has_sent_too_much() -> None:
    allowance = Allowance(0.0)
    _, now = read_for(allowance, END_SECONDS + SECONDS_AT_ONCE, size=1_000_000)
    assert allowance.exceeded(now) == pytest.approx(END_SECONDS + SECONDS_AT_ONCE, abs=2.5)


def test_a_moment_of_rest_does_not_hide_it_and_a_longer_one_makes_up_for_it() -> None:
    allowance = Allowance(0.0)
    _, now = read_for(allowance, 10, size=1_000_000)
    allowance.take(now + 0.5, size=100, messages=1)
    assert allowance.exceeded(now + 0.5) > 8
    allowance.take(now + 2.0, size=100, messages=1)
    assert allowance.exceeded(now + 2.0) == 0
