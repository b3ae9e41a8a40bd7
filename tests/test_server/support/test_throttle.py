"""Who keeps failing waits twice as long each time; a success or an hour forgives all, five minutes one."""

from server.support.throttle import FORGET_SECONDS, MAX_SECONDS, Throttle
from tests.support.clock import Clock


def test_the_pause_doubles_up_to_a_limit() -> None:
    clock = Clock()
    throttle = Throttle(clock, free=2)
    pauses = []
    for _ in range(12):
        throttle.failed("jane")
        pauses.append(throttle.wait("jane"))
    assert pauses[:5] == [0.0, 2.0, 4.0, 8.0, 16.0] and pauses[-1] == MAX_SECONDS
    clock.now = 100.0
    assert throttle.wait("jane") == MAX_SECONDS - 100


def test_others_do_not_wait_and_a_success_forgives() -> None:
    throttle = Throttle(Clock(), free=1)
    throttle.failed("jane")
    assert throttle.wait("jane") > 0 and throttle.wait("joe") == 0
    throttle.succeeded("jane")
    assert throttle.wait("jane") == 0


def test_a_failure_is_taken_back_and_those_before_it_count() -> None:
    throttle = Throttle(Clock(), free=2)
    for _ in range(3):
        throttle.failed("jane")
    throttle.take_back("jane")
    assert throttle.wait("jane") == 2.0
    throttle.take_back("jane")
    assert throttle.wait("jane") == 0


def test_who_keeps_away_has_fewer_failures() -> None:
    clock = Clock()
    throttle = Throttle(clock, free=1)
    for _ in range(4):
        throttle.failed("jane")
    clock.now = 2 * MAX_SECONDS
    throttle.failed("jane")
    assert throttle.wait("jane") == 8.0, "two were forgiven"


def test_after_an_hour_all_is_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock, free=1)
    for _ in range(20):
        throttle.failed("jane")
    clock.now = FORGET_SECONDS
    assert throttle.wait("jane") == 0
    throttle.failed("jane")
    assert throttle.wait("jane") == 2.0
