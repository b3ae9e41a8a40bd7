"""`--doctor`: what stands between a terminal and its work, and what to do."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from client.connection.pins import fingerprint
from client.doctor import DARK, SKEW_SECONDS, Look, examine, judge, run, skew
from client.exits import Exit
from client.options import parse
from tests.support.certificate import make, needs_openssl, server_side
from tests.support.fake_server import FakeServer, refusal
from wire import ErrorCode


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "0.png"), np.full((48, 64, 3), 90, np.uint8))
    return tmp_path


def told(server: str, source: Path | str, *flags: str) -> list[str]:
    options = parse(["--server", server, "--source", str(source), "--headless", "--doctor", *flags], {})
    return [str(finding) for finding in examine(options)]


def looks(count: int, fps: float = 25.0, brightness: float = 90.0, still: bool = False) -> list[Look]:
    return [Look(number / fps, brightness, 0 if still else number) for number in range(count)]


def camera(*given: Look, live: bool = True) -> list[str]:
    return [str(finding) for finding in judge("camera 0", live, given)]


def test_all_is_well(server: FakeServer, folder: Path) -> None:
    assert told(server.address, folder, "--terminal", "front-door") == [
        "ok       window: none is wanted (--headless)",
        f"ok       camera: {folder} gives pictures; it is no camera",
        f"ok       server: {server.address} can be reached",
        "warning  TLS: none: pictures can be read on the way, and answers forged",
        "ok       token: the server lets 'front-door' in, without a token",
    ]
    assert server.frames == [] and server.pings[0].clock == pytest.approx(time.time(), abs=60)


def test_a_camera_that_works_is_told_with_its_pace() -> None:
    assert camera(*looks(75)) == ["ok       camera: camera 0 gives 25 pictures a second"]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (looks(75, brightness=DARK - 1), "is dark: take off its cover"),
        (looks(75, still=True), "the very same picture comes again and again"),
        (looks(9, fps=3.0), "gives 3.0 pictures a second: more light"),
    ],
)
def test_what_is_wrong_with_a_camera_is_told_with_a_cure(given: list[Look], part: str) -> None:
    warnings = [line for line in camera(*given) if line.startswith("warning  camera: camera 0")]
    assert len(warnings) == 1 and part in warnings[0]


def test_a_still_picture_in_a_folder_is_no_frozen_camera() -> None:
    assert camera(*looks(5, still=True), live=False) == [
        "ok       camera: camera 0 gives pictures; it is no camera"
    ]


def test_no_picture_at_all_is_an_error() -> None:
    assert camera() == ["ERROR    camera: camera 0 gives no picture: choose another --source"]


def test_a_source_that_is_not_there_is_an_error(server: FakeServer, folder: Path) -> None:
    lines = told(server.address, folder / "nothing.mp4")
    assert lines[1].startswith("ERROR    camera: ")


def test_a_server_that_is_not_there_is_an_error(server: FakeServer, folder: Path) -> None:
    server.close()
    refused = f"ERROR    server: {server.address}: Connection refused (is the server running?)"
    assert told(server.address, folder)[-1] == refused


def test_a_name_that_nobody_knows_is_told_with_a_cure(folder: Path) -> None:
    assert "/etc/hosts" in told("door.invalid:5000", folder)[-1]


def test_a_refused_token_is_told_with_a_cure(server: FakeServer, folder: Path) -> None:
    server.greet = refusal(ErrorCode.UNAUTHORIZED, "no")
    assert "ERROR    token: the server says unauthorized" in told(server.address, folder)[-1]
    assert told(server.address, folder)[-1].endswith("which need a certificate as well (--cert and --key)")


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (SKEW_SECONDS, "ok       clock: it is within 2 s of the server's"),
        (
            3600.0,
            "warning  clock: it is 3600 s ahead of the server's: sudo timedatectl set-ntp true, on both",
        ),
        (-3.0, "warning  clock: it is 3 s behind the server's: sudo timedatectl set-ntp true, on both"),
    ],
)
def test_a_clock_that_is_off_is_told(seconds: float, line: str) -> None:
    assert str(skew(seconds)) == line


def test_the_exit_code_is_that_of_the_first_error(
    server: FakeServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def code(source: Path) -> Exit:
        flags = ["--server", server.address, "--source", str(source), "--headless", "--doctor"]
        return run(parse(flags, {}))

    assert code(folder) is Exit.OK
    server.greet = refusal(ErrorCode.UNAUTHORIZED, "no")
    assert code(folder) is Exit.REFUSED
    assert code(folder / "nothing.mp4") is Exit.SOURCE
    assert "ERROR    token" in capsys.readouterr().out


@needs_openssl
def test_the_servers_certificate_is_looked_at(folder: Path) -> None:
    cert, key = make(folder)
    with FakeServer(server_side(cert, key)) as secured:
        (tls,) = [line for line in told(secured.address, folder, "--ca", str(cert)) if "TLS" in line]
        assert tls.startswith("warning  TLS: the server's certificate is valid for 1 more days: renew it")
        assert "certificate is not trusted" in told(secured.address, folder, "--tls")[-1]
        assert "give --ca FILE or --tls" in told(secured.address, folder)[-1]
        pinned = told(
            secured.address, folder, "--pin", fingerprint(ssl.PEM_cert_to_DER_cert(cert.read_text()))
        )
        assert "ok       TLS: the server has the key of --pin" in pinned
        assert told(secured.address, folder, "--pin", "0" * 64)[-1].startswith("ERROR    server: ")
