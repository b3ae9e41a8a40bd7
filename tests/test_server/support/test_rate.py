"""Callers have a burst, and a pace in the long run, each of their own."""

from server.support.rate import RateLimit


def test_a_burst_then_a_pace() -> None:
    now = 0.0
    limit = RateLimit(per_second=2.0, burst=3, clock=lambda: now)
    assert [limit.take("jane") for _ in range(3)] == [0.0] * 3
    assert limit.take("jane") == 0.5
    assert limit.take("joe") == 0.0
    now = 0.5
    assert limit.take("jane") == 0.0 and limit.take("jane") == 0.5
    now = 1000.0
    assert [limit.take("jane") for _ in range(4)] == [0.0] * 3 + [0.5]


def test_what_costs_more_takes_more() -> None:
    limit = RateLimit(per_second=1.0, burst=10, clock=lambda: 0.0)
    assert limit.take("jane", 8) == 0.0
    assert limit.take("jane", 8) == 6.0
    assert limit.take("jane", 2) == 0.0, "who was refused has lost nothing"
