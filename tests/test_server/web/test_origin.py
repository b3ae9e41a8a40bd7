"""Only pages of this very server are let in."""

import pytest

from server.web.origin import same_origin


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
