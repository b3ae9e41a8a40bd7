"""How far a terminal's clock is off, as far as messages that take a while tell."""

import pytest

from server.terminals.clock_skew import TELLINGS, ClockSkew


def test_the_quickest_of_the_last_messages_tells_it_best() -> None:
    skew = ClockSkew()
    assert skew.seconds is None
    for delay in (0.9, 0.1, 0.5):
        skew.tell(100.0, 100.0 + delay)
    assert skew.seconds == pytest.approx(-0.1)
    for _ in range(TELLINGS):
        skew.tell(100.0, 100.4)
    assert skew.seconds == pytest.approx(-0.4)


@pytest.mark.parametrize(("ahead", "words"), [(3.0, "3.0 s ahead of the"), (-90.0, "90.0 s behind the")])
def test_a_large_skew_is_told_once(ahead: float, words: str) -> None:
    skew = ClockSkew()
    assert not skew.tell(1.9, 0.0) and not ClockSkew().tell(-1.9, 0.0)
    other = ClockSkew()
    assert [other.tell(ahead, 0.0) for _ in range(3)] == [True, False, False]
    assert str(other).startswith(words)
