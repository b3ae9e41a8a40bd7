"""The transport over real sockets, plain and with TLS."""

import asyncio
import gc
import socket
import ssl
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.terminals.listener import Address, Listener
from server.terminals.tcp import SEND_BUFFER, TcpTransport
from tests.support import certificate
from tests.support.certificate import needs_openssl


class Port:
    """Accepts connections and does nothing with them."""

    def __init__(self, listener: Listener, tls: ssl.SSLContext | None) -> None:
        self.number: int = listener.addresses[0][1]
        self.accepted: asyncio.Queue[TcpTransport] = asyncio.Queue()
        self.latest: socket.socket
        self._tls = tls

    def take(self, accepted: socket.socket, address: Address) -> bool:
        self.latest = accepted
        self.accepted.put_nowait(TcpTransport(accepted, address, self._tls))
        return True

    async def connect(self) -> tuple[TcpTransport, socket.socket]:
        """A transport that is not open yet, and the socket at its other end."""
        peer = socket.socket()
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", self.number))
        return await self.accepted.get(), peer


def at_a_port(test: Callable[[Port], Awaitable[None]], tls: ssl.SSLContext | None = None) -> None:
    async def run() -> None:
        listener = await Listener.bind("127.0.0.1", 0)
        listener.listen()
        port = Port(listener, tls)
        accepting = asyncio.ensure_future(listener.accept(port.take))
        await test(port)
        accepting.cancel()
        await asyncio.wait({accepting})
        listener.close()

    asyncio.run(asyncio.wait_for(run(), 30))


async def received(peer: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(peer, 1000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate.make(tmp_path_factory.mktemp("tls"))


def test_a_reply_leaves_at_once_and_little_of_it_waits_in_the_system() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        accepted = port.latest
        await transport.open()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in (SEND_BUFFER, 2 * SEND_BUFFER)
        transport.abort()
        peer.close()

    at_a_port(test)


def test_bytes_go_both_ways_and_each_way_ends_by_itself() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        host, number = peer.getsockname()
        assert transport.peer == f"{host}:{number}"
        await transport.open()
        await transport.write(b"welcome")
        transport.end_writing()
        assert await received(peer) == b"welcome" and await received(peer) == b""
        peer.send(b"still here")
        assert await transport.read() == b"still here"
        peer.close()
        assert await transport.read() == b""
        transport.abort()

    at_a_port(test)


def test_writing_waits_for_a_peer_that_does_not_read() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        await transport.open()
        writing = asyncio.ensure_future(transport.write(bytes(1 << 24)))
        assert await received(peer)
        assert not writing.done()
        transport.abort()
        await asyncio.wait({writing})
        peer.close()

    at_a_port(test)


def test_aborting_ends_the_connection_before_it_is_open() -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        transport.abort()
        assert await received(peer) == b""
        await transport.open()
        assert await transport.read() == b""
        transport.abort()
        peer.close()

    at_a_port(test)


@needs_openssl
def test_tls_carries_bytes_both_ways(files: tuple[Path, Path]) -> None:
    async def test(port: Port) -> None:
        trusted = certificate.trusting(files[0])
        connecting = asyncio.ensure_future(
            asyncio.open_connection("127.0.0.1", port.number, ssl=trusted, server_hostname="127.0.0.1")
        )
        transport = await port.accepted.get()
        await transport.open()
        reader, writer = await connecting
        await transport.write(b"welcome")
        assert await reader.read(100) == b"welcome"
        writer.write(b"thanks")
        assert await transport.read() == b"thanks"
        transport.end_writing()  # cannot be told, and does no harm
        transport.abort()
        writer.close()

    at_a_port(test, certificate.server_side(*files))


@needs_openssl
def test_a_peer_that_speaks_no_tls_is_an_error(files: tuple[Path, Path]) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        peer.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(OSError, match="SSL"):
            await transport.open()
        transport.abort()
        peer.close()

    at_a_port(test, certificate.server_side(*files))


@needs_openssl
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 20])
def test_a_handshake_can_be_ended_at_any_moment(files: tuple[Path, Path], turns: int) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        opening = asyncio.ensure_future(transport.open())
        for _ in range(turns):
            await asyncio.sleep(0)
        transport.abort()
        assert await received(peer) == b""
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the moment
            await opening
        peer.close()

    at_a_port(test, certificate.server_side(*files))


@needs_openssl
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 20])
def test_a_handshake_can_be_cancelled_at_any_moment(files: tuple[Path, Path], turns: int) -> None:
    async def test(port: Port) -> None:
        transport, peer = await port.connect()
        opening = asyncio.ensure_future(transport.open())
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait({opening})
        transport.abort()
        assert opening.cancelled() and await received(peer) == b""
        peer.close()

    at_a_port(test, certificate.server_side(*files))


@needs_openssl
@pytest.mark.parametrize("ending", ["abort", "cancel", "garbage", "close"])
def test_a_handshake_in_vain_gives_its_memory_back(files: tuple[Path, Path], ending: str) -> None:
    """At once, and not when garbage is collected: between two collections a flood takes a gigabyte."""

    async def come_to_nothing(port: Port) -> None:
        transport, peer = await port.connect()
        opening = asyncio.ensure_future(transport.open())
        await asyncio.sleep(0.01)
        if ending == "garbage":
            peer.send(b"GET / HTTP/1.1\r\n\r\n")
        elif ending == "close":
            peer.close()
        elif ending == "cancel":
            opening.cancel()
        else:
            transport.abort()
        await asyncio.wait({opening})
        transport.abort()
        peer.close()

    async def test(port: Port) -> None:
        await come_to_nothing(port)
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            for _ in range(20):
                await come_to_nothing(port)
            await asyncio.sleep(0.01)
            left, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
        assert left < 20 * 50_000

    at_a_port(test, certificate.server_side(*files))
