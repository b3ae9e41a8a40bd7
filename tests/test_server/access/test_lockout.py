"""A terminal that is tried out locks itself, for longer each time, and forgets in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.lockout import (
    FIRST_SECONDS,
    LEFT_PARTS,
    LONGEST_SECONDS,
    MAX_ATTEMPTS,
    QUIET_SECONDS,
    WINDOW_SECONDS,
    Lockout,
    Lockouts,
)


def failed(lockout: Lockout, times: int, now: float = 0.0) -> Lockout:
    for _ in range(times):
        lockout.failed(now)
    return lockout


def test_the_budget_is_spent_before_the_first_lock() -> None:
    lockout = failed(Lockout(3), 2)
    assert lockout.seconds_left(0.0) == 0
    lockout.failed(1.0)
    assert lockout.seconds_left(1.0) == FIRST_SECONDS
    assert lockout.seconds_left(10.0) == FIRST_SECONDS - 9
    assert lockout.seconds_left(1.0 + FIRST_SECONDS) == 0


def test_each_further_failure_doubles_the_lock_up_to_the_longest() -> None:
    lockout, now, locks = failed(Lockout(3), 2), 0.0, []
    for _ in range(9):
        lockout.failed(now)
        locks.append(lockout.seconds_left(now))
        now += locks[-1]
    assert locks == [15, 30, 60, 120, 240, 480, 600, 600, 600]
    assert (locks[0], locks[-1]) == (FIRST_SECONDS, LONGEST_SECONDS)


def test_visits_that_end_early_count_a_third() -> None:
    lockout, locks = Lockout(3), []
    for now in range(9):
        lockout.failed(float(now), LEFT_PARTS)
        locks.append(lockout.seconds_left(float(now)) > 0)
    assert locks == [False] * 8 + [True]
    after = 8.0 + FIRST_SECONDS
    assert [lockout.failed(after, LEFT_PARTS) for _ in range(3)] == [0, 0, 2 * FIRST_SECONDS]
    after += 2 * FIRST_SECONDS
    lockout.failed(after, LEFT_PARTS)
    assert lockout.failed(after) == 4 * FIRST_SECONDS


def test_failures_count_together_within_ten_minutes_only() -> None:
    lockout = failed(Lockout(3), 2)
    lockout.failed(WINDOW_SECONDS + 0.1)
    assert lockout.seconds_left(WINDOW_SECONDS + 0.1) == 0
    within = failed(Lockout(3), 2)
    within.failed(WINDOW_SECONDS)
    assert within.seconds_left(WINDOW_SECONDS) == FIRST_SECONDS


def test_failures_spread_over_a_day_never_lock() -> None:
    lockout = Lockout(3)
    for now in range(0, 86_400, int(WINDOW_SECONDS // 2) + 1):
        lockout.failed(float(now))
        assert lockout.seconds_left(float(now)) == 0


def test_a_grant_forgets_failures_and_locks() -> None:
    lockout = failed(Lockout(3), 2)
    lockout.granted()
    failed(lockout, 2)
    assert lockout.seconds_left(0.0) == 0
    lockout.failed(0.0)
    lockout.granted()
    assert lockout.seconds_left(0.0) == 0
    failed(lockout, 3)
    assert lockout.seconds_left(0.0) == FIRST_SECONDS


def test_failures_while_locked_do_not_count() -> None:
    lockout = failed(Lockout(3), 3)
    failed(lockout, 50, now=FIRST_SECONDS - 0.1)
    assert lockout.seconds_left(FIRST_SECONDS) == 0
    lockout.failed(FIRST_SECONDS)
    assert lockout.seconds_left(FIRST_SECONDS) == 2 * FIRST_SECONDS


def test_quiet_after_the_end_of_the_lock_forgets() -> None:
    almost = FIRST_SECONDS + QUIET_SECONDS - 0.1
    lockout = failed(Lockout(2), 2)
    lockout.failed(almost)
    assert lockout.seconds_left(almost) == 2 * FIRST_SECONDS
    again = almost + 2 * FIRST_SECONDS + QUIET_SECONDS
    lockout.failed(again)
    assert lockout.seconds_left(again) == 0
    lockout.failed(again)
    assert lockout.seconds_left(again) == FIRST_SECONDS


def test_zero_never_locks_and_counts_nothing() -> None:
    lockout = failed(Lockout(0), 1000)
    assert lockout.seconds_left(0.0) == 0 and lockout.idle(0.0)
    lockout.attempts = 3
    failed(lockout, 2)
    assert lockout.seconds_left(0.0) == 0


def test_the_budget_may_change_at_any_time() -> None:
    lockout = failed(Lockout(5), 3)
    lockout.attempts = 4
    lockout.failed(0.0)
    assert lockout.seconds_left(0.0) == FIRST_SECONDS
    lockout.attempts = 0
    assert lockout.seconds_left(0.0) == 0
    lockout.attempts = 100
    assert lockout.seconds_left(0.0) == FIRST_SECONDS


def test_the_largest_budget_can_be_spent() -> None:
    lockout = failed(Lockout(MAX_ATTEMPTS), MAX_ATTEMPTS - 1)
    assert lockout.seconds_left(0.0) == 0
    lockout.failed(0.0)
    assert lockout.seconds_left(0.0) == FIRST_SECONDS


@given(st.integers(1, 10), st.lists(st.floats(0, 2000), max_size=60))
def test_no_pattern_of_failures_gets_more_than_the_budget_and_seven_tries_in_ten_minutes(
    attempts: int, pauses: list[float]
) -> None:
    lockout, now, counted = Lockout(attempts), 0.0, []
    for pause in pauses:
        now += pause
        if lockout.seconds_left(now) == 0:
            counted.append(now)
        lockout.failed(now)
        assert 0 <= lockout.seconds_left(now) <= LONGEST_SECONDS
    for start in counted:
        assert sum(start <= at <= start + WINDOW_SECONDS for at in counted) <= attempts + 6


@given(st.integers(1, 10), st.lists(st.floats(0, 1500), max_size=40))
def test_what_is_idle_behaves_as_new(attempts: int, pauses: list[float]) -> None:
    lockout, now = Lockout(attempts), 0.0
    for pause in pauses:
        now += pause
        if lockout.idle(now):
            fresh = failed(Lockout(attempts), attempts, now)
            assert failed(lockout, attempts, now).seconds_left(now) == fresh.seconds_left(now)
        lockout.failed(now)
        assert not lockout.idle(now)


def test_a_terminal_finds_its_lockout_again_and_no_other() -> None:
    lockouts = Lockouts()
    failed(lockouts.of("front-door", 3, 0.0), 3)
    assert lockouts.of("front-door", 3, 1.0).seconds_left(1.0) == FIRST_SECONDS - 1
    assert lockouts.of("lab", 3, 1.0).seconds_left(1.0) == 0


def test_the_present_budget_holds() -> None:
    lockouts = Lockouts()
    failed(lockouts.of("front-door", 3, 0.0), 2)
    lockouts.of("front-door", 5, 0.0).failed(0.0)
    assert lockouts.of("front-door", 5, 0.0).seconds_left(0.0) == 0
    lockouts.of("front-door", 4, 0.0).failed(0.0)
    assert lockouts.of("front-door", 4, 0.0).seconds_left(0.0) == FIRST_SECONDS


@pytest.fixture
def few() -> Lockouts:
    """Room for ten terminals, one of which is locked and one has failed once."""
    lockouts = Lockouts(most=10)
    failed(lockouts.of("front-door", 3, 0.0), 3)
    lockouts.of("lab", 2, 0.0).failed(0.0)
    return lockouts


def test_invented_names_cannot_end_a_lock(few: Lockouts) -> None:
    for number in range(100):
        few.of(f"invented {number}", 3, 1.0)
    assert few.of("front-door", 3, 1.0).seconds_left(1.0) == FIRST_SECONDS - 1
    few.of("lab", 2, 1.0).failed(1.0)
    assert few.of("lab", 2, 1.0).seconds_left(1.0) == FIRST_SECONDS
    assert len(few) <= 10


def test_names_beyond_the_room_share_one_budget(few: Lockouts) -> None:
    for number in range(8):
        few.of(f"tried {number}", 3, 1.0).failed(1.0)
    for number in range(3):
        few.of(f"beyond {number}", 3, 1.0).failed(1.0)
    assert few.of("beyond 99", 3, 1.0).seconds_left(1.0) == FIRST_SECONDS
    assert few.of("front-door", 3, 1.0).seconds_left(1.0) == FIRST_SECONDS - 1
    later = 2 * (FIRST_SECONDS + QUIET_SECONDS)
    assert few.of("back in place", 3, later) is not few.of("another", 3, later)
