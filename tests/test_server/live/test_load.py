"""A real server under abuse: counted, not timed."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.terminals.allowance import BYTES_PER_SECOND, SECONDS_AT_ONCE
from server.terminals.strangers import STRANGERS
from tests.support.blackbox import BlackBox, packed
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import empty_scene

BUFFERS = 16 << 20
"""What two operating systems may keep of a connection, generously."""
HALF_A_HELLO = packed({"type": "hello", "version": 1, "terminal": "front", "token": None})[:-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("load")) as server:
        yield server


class Flooder(threading.Thread):
    """Sends frames of 1 MB as fast as they are taken, until it is told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.stopping = threading.Event()
        self._peer = BlackBox(port)
        self._peer.hello("flood")
        self._peer.socket.settimeout(0.5)

    def run(self) -> None:
        seq = 0
        while not self.stopping.is_set():
            seq += 1
            rest = packed({"type": "frame", "seq": seq, "jpeg": bytes(1_000_000)})
            while rest and not self.stopping.is_set():
                try:
                    taken = self._peer.socket.send(rest)
                except TimeoutError:
                    continue
                rest = rest[taken:]
                self.sent += taken
        self._peer.socket.close()


def test_of_a_terminal_that_floods_no_more_is_read_than_its_rate_and_its_neighbour_is_answered(
    server: ServerProcess,
) -> None:
    with BlackBox(server.port) as neighbour:
        neighbour.hello("neighbour")
        flooder = Flooder(server.port)
        begun = time.monotonic()
        flooder.start()
        answers = [neighbour.show(empty_scene()) for _ in range(40)]
        while time.monotonic() < begun + 4:
            answers.append(neighbour.show(empty_scene()))
        flooder.stopping.set()
        flooder.join()
        seconds = time.monotonic() - begun
    assert {answer["type"] for answer in answers} == {"result"}
    assert not any(answer.get("overloaded") for answer in answers)
    assert flooder.sent < BYTES_PER_SECOND * (seconds + SECONDS_AT_ONCE) + BUFFERS
    assert "Traceback" not in server.console


@pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine")
def test_a_crowd_that_trickles_from_many_addresses_keeps_neither_a_terminal_nor_a_new_one_from_its_answers(
    server: ServerProcess,
) -> None:
    before = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    crowd: list[socket.socket] = []
    with BlackBox(server.port) as door:
        door.hello("door")
        for number in range(600):
            peer = socket.create_connection(
                ("127.0.0.1", server.port), 10, source_address=(f"127.0.1.{1 + number % 8}", 0)
            )
            peer.setblocking(False)
            crowd.append(peer)
            peer.send(HALF_A_HELLO[: 1 + number % 8])
            if number % 30 == 0:
                assert door.show(empty_scene())["type"] == "result"
        wait_for(lambda: len(list(Path(f"/proc/{server.pid}/fd").iterdir())) <= before + STRANGERS + 2)
        with BlackBox(server.port) as late:
            assert late.hello("late")["type"] == "welcome"
            assert late.show(empty_scene())["type"] == "result"
        assert door.show(empty_scene())["type"] == "result"
    for peer in crowd:
        peer.close()
