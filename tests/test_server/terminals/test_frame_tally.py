"""What came of all frames."""

from server.terminals.frame_tally import BOUNDS, FrameTally


def test_answers_are_counted_by_how_long_they_took() -> None:
    tally = FrameTally()
    for seconds in (0.01, BOUNDS[0], 0.026, 60.0):
        tally.take(seconds)
    assert tally.within[:2] == [2, 1] and tally.within[-1] == 1
    assert (tally.answered, tally.skipped) == (4, 0)
    assert tally.seconds == 0.01 + BOUNDS[0] + 0.026 + 60.0
