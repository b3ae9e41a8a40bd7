"""Hostile and broken terminals over a real socket; after each one the server still serves an honest one."""

import contextlib
import io
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgpack
import pytest
from PIL import Image

from server.terminals.strangers import STRANGERS
from tests.support import certificate
from tests.support.blackbox import BlackBox, packed
from tests.support.certificate import needs_openssl
from tests.support.photos import jpeg
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import unhurried


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("badinput")
    with running_server(home) as server:
        yield server


@pytest.fixture
def server(running: ServerProcess) -> Iterator[ServerProcess]:
    """The shared server; when the test is over, an honest terminal must still be served."""
    yield running
    with BlackBox(running.port) as honest:
        assert honest.hello("honest")["type"] == "welcome"
        assert honest.show(picture())["type"] == "result"
    assert "Traceback" not in running.console


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48), form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, form)
    return buffer.getvalue()


def bomb(side: int = 65_500) -> bytes:
    """A small JPEG whose header claims side x side pixels."""
    data = bytearray(picture())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def flood(peer: BlackBox, data: bytes) -> NoReturn:
    while True:
        peer.send_raw(data)


def refused(server: ServerProcess, raw: bytes, greet: bool = True) -> dict[str, object]:
    """The error that a peer gets for `raw`, after which the connection is closed."""
    with BlackBox(server.port) as peer:
        if greet:
            peer.hello()
        peer.send_raw(raw)
        error = peer.receive()
        assert error["type"] == "error"
        assert peer.closed()
        return error


BOMBS = {
    "deep nesting": b"\x91" * 3000 + b"\xc0",
    "huge array": b"\xdd\xff\xff\xff\xff",
    "huge map": b"\xdf\xff\xff\xff\xff",
    "huge string": b"\xdb\xff\xff\xff\xff",
    "extension type": msgpack.packb({"type": msgpack.ExtType(5, b"x")}),
    "timestamp": b"\x81\xa4type\xd6\xff\x00\x00\x00\x00",
}


@pytest.mark.parametrize("payload", BOMBS.values(), ids=BOMBS.keys())
@pytest.mark.parametrize("greet", [False, True], ids=["before hello", "after hello"])
def test_msgpack_bombs_are_refused(server: ServerProcess, payload: bytes, greet: bool) -> None:
    assert refused(server, struct.pack(">I", len(payload)) + payload, greet)["code"] == "bad_message"


def test_garbage_is_refused(server: ServerProcess) -> None:
    assert refused(server, b"GET / HTTP/1.1\r\nHost: door\r\n\r\n", greet=False)["code"] == "bad_message"


def test_a_length_of_4_gib_is_refused_before_its_payload(server: ServerProcess) -> None:
    assert refused(server, b"\xff\xff\xff\xff", greet=False)["code"] == "bad_message"
    assert refused(server, b"\xff\xff\xff\xff")["code"] == "frame_too_big"


def test_the_reason_arrives_although_the_peer_keeps_sending(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.send_raw(b"\xff\xff\xff\xff" + b"x" * 4_000_000)
        assert peer.receive()["code"] == "bad_message"


def test_silence_after_a_length_ends_the_connection(server: ServerProcess) -> None:
    with BlackBox(server.port) as silent, BlackBox(server.port) as half_way:
        half_way.hello()
        half_way.send_raw(struct.pack(">I", 5000) + b"abc")
        silent.send_raw(struct.pack(">I", 100))
        assert "within 5 s" in silent.receive()["message"]
        assert "within 10 s" in half_way.receive()["message"]


HALF_A_HELLO = packed({"type": "hello", "version": 1, "terminal": "front", "token": None})[:-1]


def test_half_hellos_keep_no_terminal_out(server: ServerProcess) -> None:
    with contextlib.ExitStack() as stack:

        def flood(number: int) -> None:
            for _ in range(number):
                stack.enter_context(BlackBox(server.port)).send_raw(HALF_A_HELLO)

        with BlackBox(server.port) as door:
            door.hello("front")  # from then on its address is known
        flood(STRANGERS + 50)
        for _ in range(20):
            flood(10)
            with BlackBox(server.port) as door:
                assert door.hello("front")["type"] == "welcome"


@needs_openssl
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts connections through Linux's /proc")
def test_handshakes_that_never_begin_keep_no_terminal_out(tmp_path: Path) -> None:
    cert, key = certificate.make(tmp_path)
    with running_server(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        open_files = Path(f"/proc/{server.pid}/fd")
        before = len(list(open_files.iterdir()))
        trusting = certificate.trusting(cert)
        with BlackBox(server.port) as door:
            door.socket = trusting.wrap_socket(door.socket, server_hostname="127.0.0.1")
            door.hello("front")  # from then on its address is known
        with contextlib.ExitStack() as stack:
            for _ in range(500):
                stack.enter_context(BlackBox(server.port))
            with BlackBox(server.port) as door:
                door.socket = trusting.wrap_socket(door.socket, server_hostname="127.0.0.1")
                assert door.hello("front")["type"] == "welcome"
                assert len(list(open_files.iterdir())) <= before + STRANGERS + 1


def test_a_truncated_message_is_the_end_of_that_peer_only(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello("truncated")
        peer.send_raw(packed({"type": "frame", "seq": 1, "jpeg": picture()})[:-5])
    wait_for(lambda: "'truncated': disconnected in mid-message" in server.console)


def test_a_reset_in_mid_frame_is_the_end_of_that_peer_only(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello("reset")
        peer.send_raw(packed({"type": "frame", "seq": 1, "jpeg": picture()})[:50])
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: "'reset': connection lost" in server.console)


def test_another_version_is_told_so(server: ServerProcess) -> None:
    error = refused(server, packed({"type": "hello", "version": 2}), greet=False)
    assert error["code"] == "version_mismatch"


def test_an_unknown_type_is_refused(server: ServerProcess) -> None:
    assert refused(server, packed({"type": "open_the_door"}))["code"] == "bad_message"


def test_a_frame_before_hello_is_refused(server: ServerProcess) -> None:
    frame = packed({"type": "frame", "seq": 1, "jpeg": picture()})
    assert refused(server, frame, greet=False)["code"] == "bad_message"


def test_seq_going_backwards_is_refused(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        peer.send(type="frame", seq=7, jpeg=picture())
        assert peer.receive()["seq"] == 7
        peer.send(type="frame", seq=7, jpeg=picture())
        assert peer.receive()["code"] == "bad_message"
        assert peer.closed()


def test_a_frame_over_the_announced_limit_is_refused(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        limit = peer.hello()["limits"]["frame_bytes"]
        peer.send(type="frame", seq=1, jpeg=b"x" * (limit + 1))
        assert peer.receive()["code"] == "frame_too_big"
        assert peer.closed()


BAD_JPEGS = {
    "empty": b"",
    "truncated": picture(size=(640, 480))[:-200],
    "header only": picture()[:20],
    "not a picture": b"hello world" * 100,
    "PNG": picture(form="PNG"),
}


@pytest.mark.parametrize("data", BAD_JPEGS.values(), ids=BAD_JPEGS.keys())
def test_a_bad_jpeg_costs_the_frame_and_not_the_connection(server: ServerProcess, data: bytes) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        error = peer.show(data)
        assert (error["type"], error["code"]) == ("error", "bad_frame")
        assert peer.show(picture())["type"] == "result"


def test_a_truncated_photo_is_a_bad_frame(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        data = jpeg("obama")
        assert peer.show(data[: len(data) // 2])["code"] == "bad_frame"


def test_a_decompression_bomb_is_refused_by_its_header(server: ServerProcess) -> None:
    assert refused(server, packed({"type": "frame", "seq": 1, "jpeg": bomb()}))["code"] == "frame_too_big"


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated: small to send, long to decode."""
    buffer = io.BytesIO()
    Image.new("L", (64, 64), 128).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 100 + data[-2:]


def test_a_jpeg_of_very_many_scans_is_refused(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        assert "scans" in peer.show(many_scans())["message"]
        assert peer.show(picture())["type"] == "result"


@pytest.mark.parametrize("size", [(8193, 61), (61, 65_500)])
def test_an_extremely_long_picture_is_refused(server: ServerProcess, size: tuple[int, int]) -> None:
    frame = packed({"type": "frame", "seq": 1, "jpeg": picture("L", size)})
    assert refused(server, frame)["code"] == "frame_too_big"


def test_a_burst_of_pings_is_answered_in_full(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        peer.send_raw(b"".join(packed({"type": "ping", "id": at}) for at in range(200)))
        assert [peer.receive()["id"] for _ in range(200)] == list(range(200))


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1)])
def test_a_tiny_or_thin_picture_shows_nobody(server: ServerProcess, size: tuple[int, int]) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        assert peer.show(picture(size=size))["verdict"] == "none"


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_faces_are_found_in_grayscale_and_cmyk(server: ServerProcess, mode: str) -> None:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(jpeg("obama"))) as image:
        image.convert(mode).save(buffer, "JPEG")
    with BlackBox(server.port) as peer:
        peer.hello()
        assert len(peer.show(buffer.getvalue())["faces"]) == 1


def test_a_flood_by_a_peer_that_never_reads_is_held_up_and_others_are_served(server: ServerProcess) -> None:
    with BlackBox(server.port, receive_buffer=4096) as deaf:
        deaf.hello("deaf")
        with pytest.raises(TimeoutError):
            flood(deaf, packed({"type": "ping", "id": 2**60}) * 1000)
        with BlackBox(server.port) as peer:
            peer.hello()
            assert len(peer.show(jpeg("obama"))["faces"]) == 1


NAMES = {
    "quotes": 'a" GRANTED "b',
    "equal signs": "door verdict=GRANTED name=Eve",
    "right to left": "\u05d3\u05dc\u05ea 1",
    "wide spaces": "\u6b63\u9762\u3000\u5165\u53e3",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_no_terminal_name_forges_or_breaks_a_line(server: ServerProcess, name: str) -> None:
    before = len(server.log_lines())
    with BlackBox(server.port) as peer:
        assert peer.hello(name)["type"] == "welcome"
        for frame in unhurried([jpeg("biden")] * 3, 3):
            peer.show(frame)
    wait_for(lambda: len(server.log_lines()) == before + 1, what="one line for the visit that was left")
    line = server.log_lines()[-1]
    assert (line["terminal"], line["verdict"], line["name"]) == (name, "DENIED", None)
    raw = (server.logs / "access_log.txt").read_text(encoding="utf-8")
    assert all(char.isprintable() or char == "\n" for char in raw)


NO_NAMES = {
    "empty": "",
    "long": "x" * 300,
    "number": 7,
    "nil": None,
    "newline": 'door\n2026-01-01T00:00:00.000+00:00 GRANTED door "Eve"',
    "control": "door\x1b[2J\x00\x07",
    "turned": "door\u202egnp.tnarg\u202c",
    "line separator": "door\u2028GRANTED",
    "path": "../door",
}


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES.keys())
def test_a_terminal_name_that_is_none_is_refused(server: ServerProcess, name: object) -> None:
    hello = packed({"type": "hello", "version": 1, "terminal": name, "token": None})
    error = refused(server, hello, greet=False)
    assert error["code"] == "bad_message" and "terminal" in str(error["message"])


def test_errors_tell_nothing_internal(server: ServerProcess) -> None:
    with BlackBox(server.port) as peer:
        peer.hello()
        message = peer.show(b"\xff\xd8\xff\xe0" + b"\x00" * 50)["message"]
    assert not any(word in message for word in ("PIL", "Traceback", "/", "dlib", "0x"))


def test_the_photo_folder_may_hold_anything(tmp_path: Path) -> None:
    faces = tmp_path / "faces"
    faces.mkdir()
    (faces / "folder.jpg").mkdir()
    (faces / "empty.jpg").touch()
    (faces / "loop.jpg").symlink_to("loop.jpg")
    (faces / "text.jpg").write_text("not a picture")
    (faces / "two\nlines\u202e.jpg").write_bytes(jpeg("obama")[:3000])
    (faces / ("n" * 120 + ".jpg")).write_bytes(jpeg("obama"))
    (faces / "bomb.jpg").write_bytes(bomb())
    (faces / "landscape.jpg").write_bytes(picture(size=(640, 480)))
    expected = 8
    if hasattr(os, "mkfifo"):
        os.mkfifo(faces / "fifo.jpg")
        expected += 1
    with running_server(tmp_path) as server:
        receipts = server.receipts()
        assert receipts.count(" REJECTED ") == expected, receipts
        assert all(char.isprintable() or char == "\n" for char in receipts)
        assert f"enrolled: 0 people by 0 photos; {expected} held or rejected" in server.console
        with BlackBox(server.port) as peer:
            assert peer.hello()["type"] == "welcome"
