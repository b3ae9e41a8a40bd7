"""What is outstanding on a connection: pings, silence, one frame in flight."""

import pytest

from client.connection.exchange import TIMEOUTS, Exchange, SentFrame
from client.connection.jpeg import Encoded
from wire import ProtocolError


def frame(number: int, sent: float) -> SentFrame:
    return SentFrame(number, sent, Encoded(b"", 4, 4), sent)


def connected(now: float = 0.0) -> Exchange:
    exchange = Exchange(now)
    exchange.welcomed()
    return exchange


def introduced() -> Exchange:
    """Connected, and our clock has been told."""
    exchange = connected()
    exchange.ponged(exchange.ping_sent(0))
    return exchange


def test_no_frame_before_the_welcome_nor_while_one_is_in_flight() -> None:
    exchange = Exchange(0)
    assert not exchange.may_send
    exchange.welcomed()
    assert exchange.may_send
    exchange.frame_sent(frame(1, 0))
    assert not exchange.may_send
    assert exchange.answered(1).number == 1
    assert exchange.may_send


@pytest.mark.parametrize("seq", [0, 2])
def test_answer_to_another_frame_is_a_violation(seq: int) -> None:
    exchange = connected()
    exchange.frame_sent(frame(1, 0))
    with pytest.raises(ProtocolError, match=f"frame {seq}"):
        exchange.answered(seq)


def test_second_answer_is_a_violation() -> None:
    exchange = connected()
    exchange.frame_sent(frame(1, 0))
    exchange.answered(1)
    with pytest.raises(ProtocolError):
        exchange.answered(1)


def test_ping_after_five_quiet_seconds_and_only_one_at_a_time() -> None:
    exchange = introduced()
    assert not exchange.ping_due(4.9)
    assert exchange.ping_due(5)
    ping_id = exchange.ping_sent(5)
    assert not exchange.ping_due(11)
    exchange.ponged(ping_id + 1)
    assert not exchange.ping_due(11), "the pong of another ping"
    exchange.ponged(ping_id)
    assert exchange.ping_due(11)


def test_the_clock_is_told_at_once_and_then_every_minute_however_many_frames_are_sent() -> None:
    exchange = Exchange(0)
    assert not exchange.ping_due(1), "not before the welcome"
    exchange.welcomed()
    assert exchange.ping_due(1)
    exchange.ponged(exchange.ping_sent(1))
    for second in range(2, 61):
        exchange.frame_sent(frame(second, second))
        assert not exchange.ping_due(second)
    exchange.frame_sent(frame(61, 61))
    assert exchange.ping_due(61)


def test_frames_are_not_quiet() -> None:
    exchange = introduced()
    exchange.frame_sent(frame(1, 3))
    assert not exchange.ping_due(7.9)
    assert exchange.ping_due(8), "an answer that does not come is no reason to let the connection die"


def test_silence_counts_only_while_something_is_outstanding() -> None:
    exchange = connected()
    assert exchange.dead(1000) is None
    exchange.frame_sent(frame(1, 1000))
    assert exchange.dead(1009.9) is None
    assert exchange.dead(1010) == "the server has been silent for 10 s"
    exchange.heard(1005)
    assert exchange.dead(1014.9) is None
    assert exchange.dead(1015)


def test_a_hello_and_a_ping_are_outstanding_too() -> None:
    assert Exchange(0).dead(10)
    exchange = connected()
    exchange.ping_sent(5)
    assert exchange.dead(14.9) is None
    assert exchange.dead(15)


def test_a_frame_that_is_never_answered_ends_a_connection_that_still_pongs() -> None:
    exchange = connected()
    exchange.frame_sent(frame(1, 0))
    exchange.heard(TIMEOUTS.answer - 1)
    assert exchange.dead(TIMEOUTS.answer - 0.1) is None
    assert exchange.dead(TIMEOUTS.answer) == "the server has not answered a frame for 30 s"
