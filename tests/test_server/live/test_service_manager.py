"""A server as systemd starts one of Type=notify."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.notify_socket import NotifySocket
from tests.support.server_process import running_server, wait_for

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    outlet = NotifySocket.below(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", outlet.address)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    yield outlet
    outlet.close()


def test_it_tells_when_it_is_ready_how_it_does_and_that_it_stops(heard: NotifySocket, tmp_path: Path) -> None:
    with heard.listening(), running_server(tmp_path) as server:
        wait_for(lambda: "READY=1" in heard.heard, what="ready")
        before = heard.heard[: heard.heard.index("READY=1")]
        assert "EXTEND_TIMEOUT_USEC=60000000" in before and "WATCHDOG=1" not in before
        wait_for(lambda: heard.heard.count("WATCHDOG=1") > 3, what="signs of life")
        assert "STATUS=terminals connected: 0, people enrolled: 0" in heard.heard
        environment = Path(f"/proc/{server.worker_pids()[0]}/environ").read_bytes()
        assert b"PATH=" in environment
        assert b"NOTIFY_SOCKET" not in environment and b"WATCHDOG" not in environment
        assert server.stop() == 0
        wait_for(lambda: "STOPPING=1" in heard.heard, what="stopping")
