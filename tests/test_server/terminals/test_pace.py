"""How many frames are answered, and how quickly, of those of the last seconds."""

from server.terminals.pace import WINDOW_SECONDS, Pace, Spread
from wire import Timing


def test_rates_are_those_of_the_last_seconds() -> None:
    pace = Pace(0.0)
    for number in range(200):
        pace.answered(Timing(float(number), 1000.0 + number), number * 0.1)
        if number % 2:
            pace.skipped(number * 0.1)
    rates = pace.rates(19.9)
    assert (round(rates.answered, 1), round(rates.skipped, 1)) == (10.1, 5.1)
    assert rates.queue_ms == Spread(149.0, 194.0) and rates.work_ms == Spread(1149.0, 1194.0)


def test_soon_after_it_has_come_the_rate_is_that_of_the_time_since() -> None:
    pace = Pace(100.0)
    for number in range(6):
        pace.answered(Timing(1.0, 2.0), 100.0 + number * 0.4)
    assert pace.rates(102.0).answered == 3.0
    assert pace.rates(102.0).queue_ms == Spread(1.0, 1.0)


def test_a_terminal_that_sends_nothing_has_no_times() -> None:
    pace = Pace(0.0)
    pace.answered(Timing(1.0, 2.0), 1.0)
    rates = pace.rates(1.0 + 2 * WINDOW_SECONDS)
    assert (rates.answered, rates.skipped, rates.queue_ms, rates.work_ms) == (0.0, 0.0, None, None)
