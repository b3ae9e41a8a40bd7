"""Terminals that come over the web server: the same door, with the same limits as over TCP."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.frames import Opcode

from server.events import Events
from server.terminals.connections import Connections
from server.terminals.deadlines import Deadlines
from server.terminals.doorstep import FULL
from server.terminals.listener import Listener
from server.terminals.outbox import OUTBOX
from server.terminals.peer import PendingFrame
from server.terminals.session import Session
from server.tokens.accepted import AcceptedTokens
from server.web.serving import WebServer
from server.web.terminal.upgrade import SOCKET_PATH, terminal_sockets
from tests.support import certificate
from tests.support.certificate import needs_openssl
from tests.support.waiting import until
from tests.support.websocket_peer import WebSocketPeer, binary, frame, packed, request
from wire import ErrorCode, ErrorMessage, Frame, Limits, Ping, Pong, encode

TOKENS = {"front": "the token of the front door"}
FRAME_BYTES = 200_000


def with_one_page() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def page() -> str:
        return "page"

    return app


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


class Site:
    """A web server, and the connections that it hands over; `frames` have arrived."""

    def __init__(self, deadlines: Deadlines, max_terminals: int) -> None:
        self.port = 0
        self.frames: list[tuple[Session, PendingFrame]] = []
        self.left: list[Session] = []
        self.connections = Connections(
            limits=Limits(FRAME_BYTES, 1_000_000),
            tokens=lambda: AcceptedTokens.of(TOKENS, {}),
            max_terminals=max_terminals,
            refuse_second=False,
            notice=Events([]).notice,
            tls=None,
            note=lambda terminal: "Ring the bell",
            on_join=lambda session: None,
            on_frame=lambda session, frame: self.frames.append((session, frame)),
            on_propose=lambda session, seq: None,
            on_leave=self._leave,
            deadlines=deadlines,
        )

    async def _leave(self, session: Session) -> None:
        self.left.append(session)

    async def peer(self, receive_buffer: int | None = None) -> WebSocketPeer:
        peer = await WebSocketPeer.connect(self.port, receive_buffer)
        await peer.shake_hands(Origin="https://door.lan:8443")
        return peer

    async def terminal(self, receive_buffer: int | None = None) -> WebSocketPeer:
        peer = await self.peer(receive_buffer)
        await peer.greet("front", TOKENS["front"])
        return peer


def at(
    test: Callable[[Site], Awaitable[None]],
    *,
    deadlines: Deadlines | None = None,
    max_terminals: int = 8,
    tls: tuple[Path, Path] | None = None,
) -> None:
    async def run() -> None:
        site = Site(deadlines or Deadlines(), max_terminals)
        listener = await Listener.bind("127.0.0.1", 0)
        site.port = listener.addresses[0][1]
        context = certificate.server_side(*tls) if tls else None
        web = WebServer(
            with_one_page(), listener.sockets, context, terminal_sockets(site.connections.serve, None)
        )
        serving = asyncio.ensure_future(web.serve())
        await until(lambda: answers(site.port))
        await test(site)
        web.stop()
        await site.connections.hang_up(5)
        await serving
        listener.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_browser_is_a_terminal_like_others() -> None:
    async def test(site: Site) -> None:
        peer = await site.peer()
        welcome = await peer.greet("front", TOKENS["front"])
        assert welcome.note == "Ring the bell" and welcome.limits == Limits(FRAME_BYTES, 1_000_000)
        jpeg = bytes(150_000)
        message = encode(Frame(1, jpeg))
        for start in range(0, len(message), 60_000):
            peer.send(binary(message[start : start + 60_000]))
        peer.say(Ping(7))
        assert await peer.hear() == Pong(7)
        ((session, frame),) = site.frames
        assert (session.terminal, frame.seq, frame.jpeg) == ("front", 1, jpeg)
        session.send(Pong(8))
        assert await peer.hear() == Pong(8)
        peer.send(b"\x88\x80mask")
        await until(lambda: site.left == [session])

    at(test)


def test_a_wrong_token_is_told_in_the_words_of_the_wire() -> None:
    async def test(site: Site) -> None:
        peer = await site.peer()
        peer.send(binary(packed(type="hello", version=1, terminal="front", token="wrong")))
        error = await peer.hear()
        assert isinstance(error, ErrorMessage) and error.code is ErrorCode.UNAUTHORIZED
        with pytest.raises(EOFError):
            await peer.hear()

    at(test)


def test_a_page_of_another_server_reaches_no_session() -> None:
    async def test(site: Site) -> None:
        peer = await WebSocketPeer.connect(site.port)
        peer.send(request(Origin="https://evil.example"))
        assert await peer.answer() == "HTTP/1.1 403 Forbidden"
        other = await WebSocketPeer.connect(site.port)
        other.send(request(path="/api/v1/socket"))
        assert await other.answer() == "HTTP/1.1 404 Not Found"

    at(test)


def test_pages_are_served_at_the_same_port() -> None:
    async def test(site: Site) -> None:
        await site.terminal()
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: door.lan\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b'\r\n\r\n"page"')
        writer.close()

    at(test)


def test_half_a_hello_is_sent_away_in_time() -> None:
    async def test(site: Site) -> None:
        silent, half = await site.peer(), await site.peer()
        half.send(binary(packed(type="hello", version=1, terminal="front", token=None))[:20])
        for peer in (silent, half):
            error = await peer.hear()
            assert isinstance(error, ErrorMessage) and error.code is ErrorCode.BAD_MESSAGE
            assert await peer.gone()

    at(test, deadlines=Deadlines(hello=0.2, farewell=0.1))


def test_a_large_hello_is_refused_before_it_is_read() -> None:
    async def test(site: Site) -> None:
        peer = await site.peer()
        peer.send(binary(b"\x00\x00\xff\xff"))
        error = await peer.hear()
        assert isinstance(error, ErrorMessage) and error.code is ErrorCode.BAD_MESSAGE

    at(test)


def test_strangers_have_one_budget_whichever_way_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.terminals.doorstep.START", FULL + 1)

    async def test(site: Site) -> None:
        flood = [await site.peer() for _ in range(FULL + 1)]
        assert await flood[0].gone(), "the oldest makes way"
        terminal = await site.terminal()
        terminal.say(Ping(1))
        assert await terminal.hear() == Pong(1)

    at(test)


def test_only_so_many_terminals_are_admitted_and_one_that_is_back_replaces_itself() -> None:
    async def test(site: Site) -> None:
        before = await site.terminal()
        again = await site.terminal()
        assert await before.gone()
        again.say(Ping(1))
        assert await again.hear() == Pong(1)

    at(test, max_terminals=1)


def test_whoever_does_not_read_is_disconnected(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        peer = await site.terminal(receive_buffer=4096)
        peer.say(Frame(1, b"one"))
        await until(lambda: site.frames)
        session = site.frames[0][0]
        big = ErrorMessage(ErrorCode.BAD_FRAME, "x" * 1000)
        for _ in range(100):
            for _ in range(OUTBOX):
                session.send(big)
            await asyncio.sleep(0.01)
            if not session.open:
                break
        await until(lambda: site.left == [session])

    at(test)
    assert "'front': disconnected: it does not read its replies" in caplog.text


def test_a_text_message_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        peer = await site.terminal()
        peer.send(frame(Opcode.TEXT, b"hello"))
        assert await peer.close_code() == 1003

    with caplog.at_level("INFO"):
        at(test)
    assert "'front': connection lost: it sent a text message" in caplog.text


def test_hanging_up_says_goodbye() -> None:
    async def test(site: Site) -> None:
        peer = await site.terminal()
        hanging_up = asyncio.ensure_future(site.connections.hang_up(5))
        assert await peer.close_code() == 1000
        peer.send(frame(Opcode.CLOSE, b"\x03\xe8"))
        await hanging_up

    at(test, deadlines=Deadlines(farewell=30))


@needs_openssl
def test_tls_and_an_ordinary_client(tmp_path: Path) -> None:
    """One that would like to compress, and sends pings of its own."""
    files = certificate.make(tmp_path)

    async def test(site: Site) -> None:
        trusted: ssl.SSLContext = certificate.trusting(files[0])
        async with connect(f"wss://127.0.0.1:{site.port}{SOCKET_PATH}", ssl=trusted) as client:
            await (await client.ping())
            await client.send(packed(type="hello", version=1, terminal="front", token=TOKENS["front"]))
            assert b"welcome" in await client.recv(decode=False)

    at(test, tls=files)
