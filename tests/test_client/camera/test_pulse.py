"""What a terminal tells of its camera."""

from client.camera.pulse import Pulse


def test_a_camera_that_gives_pictures_has_a_rate_and_a_fresh_one() -> None:
    pulse = Pulse(0.0)
    for number in range(100):
        pulse.beat(number / 10)
    age, fps = pulse.health(9.95)
    assert abs(age - 0.05) < 1e-6 and 9 <= fps <= 11


def test_one_that_gives_none_any_more_has_an_old_one_and_no_rate() -> None:
    pulse = Pulse(0.0)
    pulse.beat(1.0)
    assert pulse.health(31.0) == (30.0, 0.0)


def test_one_that_has_given_none_is_as_old_as_the_terminal() -> None:
    assert Pulse(5.0).health(12.0) == (7.0, 0.0)
