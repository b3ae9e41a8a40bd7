"""Where a browser finds the console."""

from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from server.startup.console_address import console_address
from tests.support import certificate


def address(port: int | None = None, **settings: Any) -> str:
    return console_address(Settings.model_validate(settings), port)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("0.0.0.0", "http://localhost:8080"),
    ],
)
def test_without_a_certificate_it_is_where_it_listens(host: str, found: str) -> None:
    assert address(web_host=host, insecure=True) == found


@certificate.needs_openssl
def test_with_a_certificate_it_is_called_as_that_says(tmp_path: Path) -> None:
    cert, key = certificate.make(tmp_path)
    assert address(9443, web_host="0.0.0.0", tls_cert=cert, tls_key=key) == "https://127.0.0.1:9443"


def test_a_certificate_that_cannot_be_read_leaves_the_address(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    assert address(tls_cert=nothing, tls_key=nothing) == "https://127.0.0.1:8080"
