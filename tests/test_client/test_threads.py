"""The threads of the terminal: the first reason to stop wins, and no value is lost at the end."""

import pytest

from client.exits import Exit, FatalError
from client.latest import Latest
from client.threads import Threads
from tests.support.fake_server import wait_until


def test_all_stop_when_a_thread_fails_a_thread_fails(capsys: pytest.CaptureFixture[str]) -> None:
    threads = Threads()
    threads.start("capture", lambda: print(1 / 0))
    assert threads.stopping.wait(10)
    threads.join(10)
    assert threads.code is Exit.CRASHED
    assert "the capture thread failed unexpectedly: ZeroDivisionError" in capsys.readouterr().err


def test_first_reason_to_stop_wins(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise FatalError(Exit.REFUSED, "wrong token")

    threads = Threads()
    threads.start("link", refuse)
    assert threads.stopping.wait(10)
    threads.join(10)
    threads.stop(Exit.CRASHED, "too late")
    assert threads.code is Exit.REFUSED
    assert capsys.readouterr().err == "doorward-client: wrong token\n"


def test_consume_handles_the_last_value_after_stop() -> None:
    threads = Threads()
    slot: Latest[str] = Latest()
    handled: list[str] = []
    slot.put("decision")
    threads.stop()
    threads.consume("snapshot", slot, handled.append)
    wait_until(lambda: handled == ["decision"], "the value")
