"""A console that is not to be had costs nobody a door."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from server.startup.console import open_console
from tests.support import console


def test_without_what_it_needs_there_is_none_and_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "server.web.console", None)
    with console.site(tmp_path) as site:
        assert asyncio.run(open_console(site.running, None)) is None
    assert "no console: server.web.console is not installed: pip install '.[web]'" in caplog.text


def test_without_its_port_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with console.site(tmp_path, web_port=port) as site:
            assert asyncio.run(open_console(site.running, None)) is None
    assert f"no console: cannot listen on 127.0.0.1:{port}: address already in use" in caplog.text
