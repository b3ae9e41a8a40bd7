"""The idle rate on a real connection: what the server is asked, and how soon it hears of a movement."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from client.connection.status import is_late
from tests.support.fake_server import FakeServer, refusal, result, wait_until
from tests.support.running_link import IMAGE, Running, running
from wire import ErrorCode, Verdict

HOLD = 0.3
"""The terminal does not wait long for somebody to come back."""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server that sees nobody."""
    with FakeServer() as fake:
        fake.reply = lambda frame: [result(frame.seq, Verdict.NONE)]
        yield fake


def wait_for_rest(run: Running, server: FakeServer) -> None:
    wait_until(lambda: server.frames and run.link.settled > server.frames[-1].seq + 2, "the idle rate")


def wait_for_frames(server: FakeServer, more: int, seconds: float) -> None:
    enough = len(server.frames) + more
    wait_until(lambda: len(server.frames) >= enough, f"{more} frames", seconds)


def test_a_still_picture_is_sent_twice_a_second_and_is_not_late(server: FakeServer) -> None:
    with running(server.port, idle_after=HOLD) as run:
        wait_until(run.answered(5), "answers at the full rate")
        wait_for_rest(run, server)
        sent, offered = len(server.frames), run.offered
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            assert not is_late(run.link.status, time.monotonic(), 0.3)
            time.sleep(0.01)
        assert 3 <= len(server.frames) - sent <= 5
        assert run.offered > offered + 50
        wait_until(lambda: run.link.settled > offered, "pictures not sent count as settled")


@pytest.mark.parametrize("grey", [40, 200])
def test_movement_is_sent_at_once(server: FakeServer, grey: int) -> None:
    with running(server.port, idle_after=HOLD) as run:
        wait_for_rest(run, server)
        wait_for_frames(server, 1, 1)
        time.sleep(0.1)
        moved, run.picture = run.offered, np.full_like(IMAGE, grey)
        wait_until(lambda: server.frames[-1].seq > moved, "the movement", 0.25)
        assert server.frames[-1].seq <= moved + 10
        wait_for_frames(server, 4, 0.25)
        wait_for_rest(run, server)


@pytest.mark.parametrize("verdict", [Verdict.CHECKING, Verdict.DENIED, Verdict.GRANTED])
def test_a_face_is_followed_at_the_full_rate(server: FakeServer, verdict: Verdict) -> None:
    server.reply = lambda frame: [result(frame.seq, verdict)]
    with running(server.port, idle_after=HOLD) as run:
        wait_until(run.answered(60), "answers", 5)


def test_frames_that_cannot_be_analysed_are_followed_by_others(server: FakeServer) -> None:
    server.reply = refusal(ErrorCode.BAD_FRAME, "odd")
    with running(server.port, idle_after=HOLD) as run:
        wait_until(lambda: len(run.recorder.errors) >= 60, "errors", 5)


def test_a_new_connection_starts_at_the_full_rate(server: FakeServer) -> None:
    with running(server.port, idle_after=HOLD) as run:
        wait_for_rest(run, server)
        server.drop()
        wait_until(lambda: len(server.hellos) == 2, "the new connection")
        wait_for_frames(server, 5, 0.5)


def test_every_picture_of_a_file_is_sent(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(60), "answers", 5)
