"""Only pages of this very server are let in."""

import socket
from http import HTTPStatus

import pytest
from fastapi.testclient import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from server.settings import Settings
from server.web.origin import is_called, same_origin
from tests.support.console import Site, serving


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://door.lan", "door.lan"),
        ("https://door.lan:8443", "door.lan:8443"),
        ("http://Door.LAN:8443", "door.lan:8443"),
        ("https://door.lan", "door.lan:443"),
        ("http://door.lan:80", "door.lan"),
        ("https://192.168.1.10:8443", "192.168.1.10:8443"),
        ("https://[fd00::1]:8443", "[fd00::1]:8443"),
    ],
)
def test_a_page_of_this_server_may_call_it(origin: str, host: str) -> None:
    assert same_origin(origin, host)


def test_a_program_without_pages_may_call_it() -> None:
    assert same_origin(None, "door.lan")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "door.lan"),
        ("https://door.lan.evil.example", "door.lan"),
        ("https://evil.example@door.lan:1", "door.lan"),
        ("https://door.lan", "door.lan:8443"),
        ("https://door.lan:8443", "door.lan"),
        ("http://door.lan", "door.lan:443"),
        ("null", "door.lan"),
        ("", ""),
        ("https://", ""),
        ("file://", ""),
        ("chrome-extension://door.lan", "door.lan"),
        ("https://door.lan:x", "door.lan:x"),
        ("https://[::1", "[::1"),
    ],
)
def test_no_other_page_may(origin: str, host: str) -> None:
    assert not same_origin(origin, host)


NAMES = Settings.model_validate({}).console_names


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "192.168.1.10"]
)
def test_a_console_of_this_machine_is_called_by_an_address_or_localhost(host: str) -> None:
    assert is_called(host, NAMES)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "[x"],
)
def test_by_no_other_name(host: str) -> None:
    assert not is_called(host, NAMES)


def test_a_proxy_gives_it_a_name_and_a_certificate_vouches_for_all_of_its_own() -> None:
    behind = Settings.model_validate({"web_name": "Door.example.com"}).console_names
    assert is_called("door.example.com", behind) and not is_called("evil.example", behind)
    assert is_called("door.lan", Settings.model_validate({"tls_cert": "c", "tls_key": "k"}).console_names)
    assert is_called(
        "door.lan", Settings.model_validate({"web_host": "0.0.0.0", "insecure": True}).console_names
    )


def test_a_page_whose_name_was_made_to_lead_here_gets_nothing(site: Site) -> None:
    evil = TestClient(site.app, base_url="http://evil.example")
    answer = evil.get("/sign-in")
    assert answer.status_code == HTTPStatus.MISDIRECTED_REQUEST and "web_name" in answer.text
    with serving(site) as served:
        connection = socket.create_connection(("127.0.0.1", served.port))
        with pytest.raises(InvalidStatus) as told:
            connect("ws://evil.example/live/socket", sock=connection, origin=Origin("http://evil.example"))
        assert told.value.response.status_code == HTTPStatus.FORBIDDEN
