"""What one machine can do to the console by holding connections, and what it cannot."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from server.web import connections
from server.web.connections import crowd_control
from server.web.serving import WebServer
from tests.support.server_process import wait_for

IDLE, BUSY_EACH = 8, 2
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"


async def app(scope: dict[str, object], receive: Callable[..., object], send: Callable[..., object]) -> None:
    """Answers when it has read the body."""
    while (await receive()).get("more_body"):  # type: ignore[misc]
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})  # type: ignore[misc]
    await send({"type": "http.response.body"})  # type: ignore[misc]


class Web:
    """A web server whose port one may connect to from several addresses."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._listener = stack.enter_context(socket.create_server((HERE, 0)))
        self._server = WebServer(app, [self._listener], None, asyncio.Protocol)  # type: ignore[arg-type]
        thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()))
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._server.stop)

    def connect(self, address: str = HERE) -> socket.socket:
        port = self._listener.getsockname()[1]
        made = socket.create_connection((HERE, port), 10, source_address=(address, 0))
        return self._stack.enter_context(made)

    def ask(self, request: bytes = GET, address: str = HERE) -> int:
        """The status of the answer."""
        return status(self.connect(address), request)


def status(connection: socket.socket, request: bytes) -> int:
    connection.sendall(request)
    return int(connection.recv(100).split()[1])


def is_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True
    except BlockingIOError:
        return False


@contextmanager
def web_server() -> Iterator[Web]:
    with ExitStack() as stack:
        yield Web(stack)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.serving.crowd_control", lambda: crowd_control(IDLE, BUSY_EACH))


def test_a_crowd_that_asks_for_nothing_crowds_out_itself() -> None:
    with web_server() as web:
        friend = web.connect(ELSEWHERE)
        silent = [web.connect() for _ in range(3 * IDLE)]
        wait_for(lambda: sum(map(is_gone, silent)) == 2 * IDLE + 1, what="the oldest make way")
        assert [is_gone(each) for each in silent].index(False) == 2 * IDLE + 1
        assert status(friend, GET) == 200 and web.ask() == 200


def test_who_has_been_answered_waits_like_everybody_else() -> None:
    with web_server() as web:
        kept = []
        for _ in range(IDLE + 1):
            kept.append(web.connect())
            assert status(kept[-1], GET) == 200
        wait_for(lambda: is_gone(kept[0]), what="the oldest makes way")
        assert not any(map(is_gone, kept[1:]))


def test_an_address_has_so_many_requests_under_way_and_others_have_theirs() -> None:
    with web_server() as web:
        slow = [web.connect() for _ in range(BUSY_EACH)]
        for each in slow:
            each.sendall(SLOW)
        wait_for(lambda: web.ask() == 503, what="a further request is refused")
        assert web.ask(address=ELSEWHERE) == 200
        assert status(slow[0], b"hello") == 200
        assert web.ask() == 200


def test_an_answer_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[asyncio.BaseTransport] = []

    class Noted(crowd_control()):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            accepted.append(transport)

    monkeypatch.setattr("server.web.serving.crowd_control", lambda: Noted)
    with web_server() as web:
        assert web.ask() == 200
        (transport,) = accepted
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("sent", [b"", GET[:-2]], ids=["nothing", "half of a request"])
def test_a_request_has_to_be_there_in_time(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.2)
    with web_server() as web:
        late = web.connect()
        late.sendall(sent)
        wait_for(lambda: is_gone(late), what="it is parted with")
        assert web.ask() == 200
