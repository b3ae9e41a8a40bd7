"""What a terminal tells of its camera."""

from client.camera.pulse import Pulse


def test_a_camera_is_as_fresh_as_its_newest_picture() -> None:
    pulse = Pulse(0.0)
    pulse.beat(1.0)
    pulse.beat(2.5)
    assert pulse.age(31.0) == 28.5
    assert pulse.age(2.4) == 0.0, "it came while the question was asked"


def test_one_that_has_given_none_is_as_old_as_the_terminal() -> None:
    assert Pulse(5.0).age(12.0) == 7.0
