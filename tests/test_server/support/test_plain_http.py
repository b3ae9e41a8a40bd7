"""Plain HTTP at a port that speaks TLS is answered; everything else is as before."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.support.plain_http import ANSWER, BrowserContext
from tests.support import certificate

pytestmark = certificate.needs_openssl
FOREVER = 20


def at_a_port(folder: Path, test: Callable[[int], Awaitable[None]]) -> None:
    """With a server that echoes a line over TLS."""
    cert, key = certificate.make(folder)
    context = BrowserContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = await asyncio.start_server(echo, sock=listening, ssl=context)
            async with server:
                await asyncio.wait_for(test(server.sockets[0].getsockname()[1]), FOREVER)

    asyncio.run(run())


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"PUT"])
def test_plain_http_is_told_to_write_https(tmp_path: Path, method: bytes) -> None:
    async def test(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(method + b" /live HTTP/1.1\r\nHost: door:8080\r\n\r\n")
        answer = await reader.readexactly(len(ANSWER))
        assert answer == ANSWER
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)  # once: then the connection ends
        writer.close()

    at_a_port(tmp_path, test)


def test_the_answer_is_as_long_as_it_says() -> None:
    head, _, body = ANSWER.partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head + b"\r\n" and b"https://" in body


def test_a_browser_that_speaks_tls_is_served(tmp_path: Path) -> None:
    async def test(port: int) -> None:
        context = certificate.trusting(tmp_path / "cert.pem")
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()

    at_a_port(tmp_path, test)


def test_whoever_speaks_neither_is_told_nothing(tmp_path: Path) -> None:
    async def test(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert b"HTTP" not in await reader.read()
        writer.close()

    at_a_port(tmp_path, test)
