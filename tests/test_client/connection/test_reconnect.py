"""Which failures end the terminal, and how long it waits after the others."""

import random
import socket
import ssl
from itertools import islice

import pytest

from client.connection.jpeg import LimitsTooSmallError
from client.connection.reconnect import (
    CAP_SECONDS,
    FIRST_RETRY_SECONDS,
    RefusedError,
    delays,
    is_fatal,
    reason,
)
from wire import ErrorCode, ErrorMessage, ProtocolError


class Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


class Lowest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a


def refused(code: ErrorCode) -> RefusedError:
    return RefusedError(ErrorMessage(code, "no"))


def test_ceiling_doubles_up_to_the_cap() -> None:
    assert list(islice(delays(Highest()), 7)) == [0.5, 1, 2, 4, 5, 5, 5]


def test_jitter_is_full_but_never_a_busy_loop() -> None:
    assert set(islice(delays(Lowest()), 20)) == {0.1}
    drawn = list(islice(delays(random.Random(7)), 200))
    assert drawn[0] <= FIRST_RETRY_SECONDS
    assert min(drawn[6:]) < 1 and 0.9 * CAP_SECONDS < max(drawn) <= CAP_SECONDS


def test_no_two_of_many_terminals_come_back_together() -> None:
    first = sorted(next(delays(random.Random(number))) for number in range(500))
    tenths = [sum(at <= each < at + 0.1 for each in first) for at in (0.1, 0.2, 0.3, 0.4)]
    assert sum(tenths) == 500 and max(tenths) < 160, "evenly, but for chance"
    assert len(set(first)) == 500


@pytest.mark.parametrize("code", list(ErrorCode))
def test_only_token_and_version_are_fatal(code: ErrorCode) -> None:
    assert is_fatal(refused(code)) == (code.value in {"unauthorized", "version_mismatch"})


@pytest.mark.parametrize(
    ("failure", "fatal"),
    [
        (ConnectionRefusedError(), False),
        (TimeoutError(), False),
        (socket.gaierror(socket.EAI_NONAME, "no such name"), False),
        (ssl.SSLError("wrong version number"), False),
        (ssl.SSLCertVerificationError(), True),
        (ProtocolError(ErrorCode.BAD_MESSAGE, "garbage"), False),
        (ProtocolError(ErrorCode.VERSION_MISMATCH, "version 2"), True),
        (LimitsTooSmallError("10 bytes"), False),
    ],
)
def test_classification(failure: Exception, fatal: bool) -> None:
    assert is_fatal(failure) == fatal


def test_reasons_are_words() -> None:
    assert reason(refused(ErrorCode.TOO_MANY)) == "the server says too_many: no"
    refused_outright = ConnectionRefusedError(111, "Connection refused")
    assert reason(refused_outright) == "Connection refused (is the server running?)"
    assert reason(ConnectionError("the server closed the connection")) == "the server closed the connection"
    assert reason(TimeoutError()) == "TimeoutError"
    assert "garbage" in reason(ProtocolError(ErrorCode.BAD_MESSAGE, "garbage"))
    assert reason(LimitsTooSmallError("10 bytes")) == "10 bytes"
