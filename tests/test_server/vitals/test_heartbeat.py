"""Signs of life, as the service manager gets them."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.support.service_manager import ServiceManager
from server.vitals.condition import Condition
from server.vitals.heartbeat import WITHOUT_WORKERS_SECONDS, Heartbeat
from server.workers.pool import WorkerCounts
from tests.support.notify_socket import NotifySocket

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no systemd")
DENIED = "STATUS=EVERYBODY IS DENIED: "


class Server:
    """A server that is told how it does."""

    def __init__(self, address: str, watchdog_seconds: float | None = None) -> None:
        self.alive = 2
        self.log_fails = False
        self.now = 0.0
        condition = Condition(
            workers=self.workers, log_fails=lambda: self.log_fails, logs=Path(), clock=lambda: 0.0
        )
        manager = ServiceManager(address, watchdog_seconds)
        self.heart = Heartbeat(manager, self.workers, condition, lambda: "serving", lambda: self.now)

    def workers(self) -> WorkerCounts:
        return WorkerCounts(2, self.alive, 0, 0, ())


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[NotifySocket]:
    outlet = NotifySocket.below(tmp_path)
    yield outlet
    outlet.close()


def test_a_start_that_goes_on_is_not_given_up_and_is_not_called_ready(heard: NotifySocket) -> None:
    server = Server(heard.address)
    server.alive = 0
    server.heart.once()
    assert heard.listen() == ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=serving"]


def test_a_server_that_serves_says_so(heard: NotifySocket) -> None:
    server = Server(heard.address)
    server.heart.started()
    assert heard.listen() == ["READY=1", "WATCHDOG=1", "STATUS=serving"]


def test_a_full_disk_is_told_and_does_not_have_it_started_again_and_again(heard: NotifySocket) -> None:
    server = Server(heard.address)
    server.heart.started()
    heard.listen()
    server.log_fails = True
    for server.now in (10.0, 1000.0):
        server.heart.once()
        assert heard.listen() == ["WATCHDOG=1", f"{DENIED}the access log cannot be written"]


def test_without_workers_for_long_the_signs_of_life_end(heard: NotifySocket) -> None:
    server = Server(heard.address)
    server.now = 1000.0
    server.heart.started()
    heard.listen()
    server.alive = 0
    server.now += WITHOUT_WORKERS_SECONDS - 1
    server.heart.once()
    assert heard.listen() == ["WATCHDOG=1", f"{DENIED}no worker process is there"]
    server.now += 1
    server.heart.once()
    assert heard.listen() == [f"{DENIED}no worker process is there"]
    server.alive = 1
    server.heart.once()
    assert heard.listen() == ["WATCHDOG=1", "STATUS=serving"]


def test_a_loop_that_hangs_gives_no_sign_of_life(heard: NotifySocket) -> None:
    server = Server(heard.address, watchdog_seconds=0.02)
    hangs, on = threading.Event(), threading.Event()

    async def hang_midway() -> None:
        server.heart.started()
        beating = asyncio.ensure_future(server.heart.beat())
        while len(heard.listen()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        hangs.set()
        on.wait(20)
        await asyncio.sleep(0.1)
        beating.cancel()

    running = threading.Thread(target=lambda: asyncio.run(hang_midway()))
    running.start()
    assert hangs.wait(20)
    heard.listen()
    time.sleep(0.2)
    assert heard.listen() == []
    on.set()
    assert "WATCHDOG=1" in heard.listen(20)
    running.join()


def test_where_nobody_listens_there_is_no_beat() -> None:
    asyncio.run(asyncio.wait_for(Server("").heart.beat(), 5))
