"""sd_notify(3), spoken to a socket of our own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.support.service_manager import ServiceManager
from tests.support.notify_socket import NotifySocket

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no systemd")
PID = 4711


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[NotifySocket]:
    outlet = NotifySocket.below(tmp_path)
    yield outlet
    outlet.close()


def test_everything_is_said_in_systemds_words(heard: NotifySocket) -> None:
    manager = ServiceManager(heard.address)
    manager.starting(60)
    manager.ready()
    manager.alive()
    manager.status("terminals connected: 3")
    manager.stopping()
    assert heard.listen() == [
        "EXTEND_TIMEOUT_USEC=60000000",
        "READY=1",
        "WATCHDOG=1",
        "STATUS=terminals connected: 3",
        "STOPPING=1",
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="abstract sockets are Linux's")
def test_an_abstract_socket_is_reached(tmp_path: Path) -> None:
    abstract = NotifySocket(f"@doorward{tmp_path}")
    try:
        ServiceManager(abstract.address).ready()
        assert abstract.listen() == ["READY=1"]
    finally:
        abstract.close()


def test_without_one_nothing_is_said() -> None:
    manager = ServiceManager("")
    manager.ready()
    assert not manager.listens


def test_one_that_has_gone_or_is_deaf_holds_up_nothing(heard: NotifySocket, tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "nobody")).ready()
    manager = ServiceManager(heard.address)
    for _ in range(5000):
        manager.alive()
    assert 0 < len(heard.listen()) < 5000


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(PID)}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_it_is_taken_from_the_environment_and_no_child_finds_it_there(
    given: dict[str, str], seconds: float | None
) -> None:
    environment = {"NOTIFY_SOCKET": "/run/notify", "PATH": "/bin", **given}
    manager = ServiceManager.taken_from(environment, PID)
    assert (manager.listens, manager.watchdog_seconds) == (True, seconds)
    assert environment == {"PATH": "/bin"}
