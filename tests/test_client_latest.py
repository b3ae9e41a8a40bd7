"""The hand-over slot and the crew of threads."""

import threading

import pytest

from client.crew import Crew
from client.exits import Exit, FatalError
from client.latest import Latest
from tests.support.fake_server import wait_until


def test_newer_value_replaces_one_that_nobody_took() -> None:
    slot: Latest[int] = Latest()
    slot.put(1)
    slot.put(2)
    assert slot.take() == 2
    assert slot.take() is None


def test_take_waits_for_a_value() -> None:
    slot: Latest[str] = Latest()
    taken: list[str | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(10)))
    taker.start()
    slot.put("frame")
    taker.join(10)
    assert taken == ["frame"]


def test_crew_stops_when_a_thread_fails(capsys: pytest.CaptureFixture[str]) -> None:
    crew = Crew()
    crew.start("capture", lambda: print(1 / 0))
    assert crew.stopping.wait(10)
    crew.join(10)
    assert crew.code is Exit.CRASHED
    assert "the capture thread failed unexpectedly: ZeroDivisionError" in capsys.readouterr().err


def test_first_reason_to_stop_wins(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise FatalError(Exit.REFUSED, "wrong token")

    crew = Crew()
    crew.start("link", refuse)
    assert crew.stopping.wait(10)
    crew.join(10)
    crew.stop(Exit.CRASHED, "too late")
    assert crew.code is Exit.REFUSED
    assert capsys.readouterr().err == "doorward-client: wrong token\n"


def test_consume_handles_the_last_value_after_stop() -> None:
    crew = Crew()
    slot: Latest[str] = Latest()
    handled: list[str] = []
    slot.put("decision")
    crew.stop()
    crew.consume("snapshot", slot, handled.append)
    wait_until(lambda: handled == ["decision"], "the value")
