"""The transport over real sockets: what a well-behaved peer and what a hostile one can do."""

import asyncio
import gc
import os
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest
from websockets.frames import CloseCode, Opcode

from server.web.terminal.websocket import MESSAGE_BYTES, READ_BYTES, WebSocketTransport
from tests.support.websocket_peer import WebSocketPeer, binary, frame, request

PATH = "/terminal/socket"


class Port:
    """Takes connections and does nothing with them."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[WebSocketTransport] = asyncio.Queue()
        self.number = 0

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken.put_nowait(WebSocketTransport(reader, writer, PATH, {"door.lan"}))

    async def connect(self, receive_buffer: int | None = None) -> tuple[WebSocketTransport, WebSocketPeer]:
        """A transport that is not open yet, and its peer."""
        peer = await WebSocketPeer.connect(self.number, receive_buffer)
        return await self.taken.get(), peer

    async def opened(self, receive_buffer: int | None = None) -> tuple[WebSocketTransport, WebSocketPeer]:
        transport, peer = await self.connect(receive_buffer)
        opening = asyncio.ensure_future(transport.open())
        await peer.shake_hands()
        await opening
        return transport, peer


def at_a_port(test: Callable[[Port], Awaitable[None]]) -> None:
    async def run() -> None:
        port = Port()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(READ_BYTES), port.take), "127.0.0.1", 0
        )
        port.number = server.sockets[0].getsockname()[1]
        await test(port)
        server.close()

    asyncio.run(asyncio.wait_for(run(), 30))


async def violation(transport: WebSocketTransport) -> str:
    """What the peer has done wrong: reading fails for it, now and later."""

    async def read_on() -> None:
        while await transport.read():
            pass

    with pytest.raises(ConnectionError) as first:
        await read_on()
    with pytest.raises(ConnectionError) as again:
        await transport.read()
    assert str(first.value) == str(again.value)
    transport.abort()
    return str(first.value)


def test_bytes_go_both_ways_however_they_are_cut() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        sent = os.urandom(3 * READ_BYTES)
        peer.send(binary(b""))
        for start in range(0, len(sent), 5000):
            peer.send(binary(sent[start : start + 5000]))
        received = b""
        while len(received) < len(sent):
            received += await transport.read()
        assert received == sent
        await transport.write(b"welcome")
        assert await peer.frame() == (Opcode.BINARY, b"welcome")
        peer.leave()
        assert await transport.read() == b""
        transport.abort()

    at_a_port(test)


def test_a_message_may_come_in_fragments_byte_by_byte() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        for byte in (
            frame(Opcode.BINARY, b"one ", fin=False)
            + frame(Opcode.PING, b"between")
            + frame(Opcode.CONT, b"two ", fin=False)
            + frame(Opcode.CONT, b"three")
        ):
            peer.send(bytes([byte]))
            await asyncio.sleep(0)
        received = b""
        while len(received) < 13:
            received += await transport.read()
        assert received == b"one two three"
        assert await peer.frame() == (Opcode.PONG, b"between")
        transport.abort()

    at_a_port(test)


def test_reading_can_be_cancelled_and_loses_nothing() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        sent = binary(b"half of it")
        reading = asyncio.ensure_future(transport.read())
        await asyncio.sleep(0.01)
        peer.send(sent[:8])
        await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.wait({reading})
        peer.send(sent[8:])
        assert await transport.read() == b"half of it"
        transport.abort()

    at_a_port(test)


def test_a_peer_that_closes_is_answered_and_has_left() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        peer.send(binary(b"last") + frame(Opcode.CLOSE, b"\x03\xe9"))
        assert await transport.read() == b"last"
        assert await transport.read() == b"" and await transport.read() == b""
        assert await peer.close_code() == CloseCode.GOING_AWAY
        with pytest.raises(ConnectionResetError):
            await transport.write(b"too late")
        transport.abort()

    at_a_port(test)


def test_the_end_is_told_and_the_peer_closes_its_side() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        await transport.write(b"why")
        transport.end_writing()
        transport.end_writing()
        assert await peer.frame() == (Opcode.BINARY, b"why")
        assert await peer.close_code() == CloseCode.NORMAL_CLOSURE
        peer.send(binary(b"on its way") + frame(Opcode.CLOSE, b"\x03\xe8"))
        assert await transport.read() == b"on its way" and await transport.read() == b""
        transport.abort()
        assert await peer.gone()

    at_a_port(test)


@pytest.mark.parametrize(
    "origin", ["", "https://door.lan:8443", "http://door.lan:8443"], ids=["a program", "TLS", "plain"]
)
def test_a_page_of_this_server_is_let_in(origin: str) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        opening = asyncio.ensure_future(transport.open())
        await peer.shake_hands(Origin=origin)
        await opening
        transport.abort()

    at_a_port(test)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (request(Origin="https://evil.example"), "HTTP/1.1 403 Forbidden"),
        (request(Origin="null"), "HTTP/1.1 403 Forbidden"),
        (request(host=""), "HTTP/1.1 400 Bad Request"),
        (request(host="rebound.example"), "HTTP/1.1 421 Misdirected Request"),
        (request(path="/another"), "HTTP/1.1 404 Not Found"),
        (request(Upgrade=""), "HTTP/1.1 426 Upgrade Required"),
        (request(Sec_WebSocket_Version="12"), "HTTP/1.1 400 Bad Request"),
        (request(Sec_WebSocket_Key="short"), "HTTP/1.1 400 Bad Request"),
        (request().replace(b"\r\n\r\n", b"\r\nHost: door.lan\r\n\r\n"), "HTTP/1.1 400 Bad Request"),
    ],
)
def test_whoever_asks_for_something_else_is_told_so(
    asked: bytes, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        peer.send(asked)
        with pytest.raises(ConnectionError):
            await transport.open()
        transport.abort()
        assert await peer.answer() == answer
        assert await peer.gone()

    at_a_port(test)
    assert ("a page of 'https://evil.example' wanted to be a terminal" in caplog.text) == (b"evil" in asked)


def test_a_request_other_than_get_opens_nothing() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        peer.send(request().replace(b"GET", b"POST"))
        with pytest.raises(ConnectionError):
            await transport.open()
        transport.abort()
        assert await peer.gone()  # websockets 17 answers 405 before

    at_a_port(test)


@pytest.mark.parametrize("sent", [b"\x00" * 100, b"GET / HTTP/1.1\r\n", request()[:40]])
def test_whoever_asks_for_nothing_has_gone(sent: bytes) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        peer.send(sent)
        await peer.drain()
        await asyncio.sleep(0.01)
        peer.leave()
        with pytest.raises(OSError):  # noqa: PT011 - reset, or nothing asked
            await transport.open()
        transport.abort()

    at_a_port(test)


def test_no_compression_is_agreed_to_and_none_is_taken() -> None:
    """A message that unpacks to a thousand times its size is refused like any other nonsense."""

    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        opening = asyncio.ensure_future(transport.open())
        await peer.shake_hands(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
        await opening
        assert "extensions" not in peer.head.lower()
        bomb = bytearray(binary(bytes(1000)))
        bomb[0] |= 0x40  # compressed, it says
        peer.send(bytes(bomb))
        assert "reserved bits" in await violation(transport)
        assert await peer.close_code() == CloseCode.PROTOCOL_ERROR

    at_a_port(test)


@pytest.mark.parametrize(
    ("sent", "code", "why"),
    [
        (frame(Opcode.TEXT, b"hello"), CloseCode.UNSUPPORTED_DATA, "a text message"),
        (frame(Opcode.TEXT, b"\xff", fin=False), CloseCode.UNSUPPORTED_DATA, "a text message"),
        (binary(bytes(MESSAGE_BYTES + 1)), CloseCode.MESSAGE_TOO_BIG, "exceeds limit"),
        (binary(bytes(MESSAGE_BYTES + 1))[:14], CloseCode.MESSAGE_TOO_BIG, "exceeds limit"),
        (
            frame(Opcode.BINARY, bytes(MESSAGE_BYTES), fin=False) + frame(Opcode.CONT, b"1"),
            CloseCode.MESSAGE_TOO_BIG,
            "exceeds limit",
        ),
        (frame(Opcode.CONT, b"of nothing"), CloseCode.PROTOCOL_ERROR, "unexpected continuation"),
        (b"\x82\x01a", CloseCode.PROTOCOL_ERROR, "incorrect masking"),
        (b"\x83\x80mask", CloseCode.PROTOCOL_ERROR, "invalid opcode"),
        (frame(Opcode.CLOSE, b"\x00\x00"), CloseCode.PROTOCOL_ERROR, "invalid status code"),
    ],
)
def test_what_is_no_part_of_the_protocol_ends_the_connection(sent: bytes, code: CloseCode, why: str) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        peer.send(sent)
        assert why in await violation(transport)
        assert await peer.close_code() == code
        assert await peer.gone()

    at_a_port(test)


def test_what_came_before_a_violation_is_read() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        peer.send(binary(b"fine") + frame(Opcode.TEXT, b"hello"))
        await asyncio.sleep(0.01)
        assert await transport.read() == b"fine"
        assert "a text message" in await violation(transport)

    at_a_port(test)


def test_writing_waits_for_a_peer_that_does_not_read() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened(receive_buffer=4096)
        writing = asyncio.ensure_future(transport.write(bytes(1 << 24)))
        await asyncio.sleep(0.05)
        assert not writing.done()
        transport.abort()
        await asyncio.wait({writing})
        peer.leave()

    at_a_port(test)


def test_whoever_pings_and_does_not_read_is_not_read_either() -> None:
    """The answers to a flood of pings would fill the memory."""

    async def test(port: Port) -> None:
        transport, peer = await port.opened(receive_buffer=4096)
        reading = asyncio.ensure_future(transport.read())
        ping = frame(Opcode.PING, bytes(125)) * 100

        async def flood() -> int:
            sent = 0
            while sent < 40_000_000:
                peer.send(ping)
                await asyncio.wait_for(peer.drain(), 0.5)
                sent += len(ping)
            return sent

        gc.collect()
        tracemalloc.start()
        try:
            with pytest.raises(asyncio.TimeoutError):
                await flood()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert not reading.done()
        assert held < 2_000_000
        transport.abort()
        await asyncio.wait({reading})
        peer.leave()

    at_a_port(test)


def test_others_get_their_turn_while_a_peer_sends_empty_frames() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.opened()
        reading = asyncio.ensure_future(transport.read())
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        peer.send(frame(Opcode.BINARY, fin=False) + frame(Opcode.CONT, fin=False) * 40_000)
        await asyncio.sleep(0.01)
        counting = asyncio.ensure_future(count())
        peer.send(frame(Opcode.CONT, b"at last"))
        assert await reading == b"at last"
        counting.cancel()
        assert turns > 40_000 * 6 // READ_BYTES // 2
        transport.abort()

    at_a_port(test)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 20])
@pytest.mark.parametrize("asked", [b"", request()[:50], request()])
def test_opening_can_be_ended_at_any_moment(turns: int, asked: bytes) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        peer.send(asked)
        opening = asyncio.ensure_future(transport.open())
        for _ in range(turns):
            await asyncio.sleep(0)
        transport.abort()
        assert await peer.gone()
        await asyncio.wait({opening}, timeout=5)
        assert opening.done()
        assert opening.exception() is None or isinstance(opening.exception(), OSError)

    at_a_port(test)
