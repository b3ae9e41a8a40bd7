"""A console without a server, at an address where a browser finds it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from server.terminals.listener import Listener
from server.web.serving import WebServer
from tests.support.console import Site


class NoWebSocket(asyncio.Protocol):
    """Refuses: the tests take the terminals' connections themselves."""

    def __init__(self, **of_the_web_server: object) -> None:
        super().__init__()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The address of its pages, for as long as the block takes."""
    ready, stopping = threading.Event(), threading.Event()
    address = []

    async def serve() -> None:
        listener = await Listener.bind("127.0.0.1", 0)
        web = WebServer(site.app, listener.sockets, None, NoWebSocket)
        serving = asyncio.ensure_future(web.serve())
        address.append(f"http://localhost:{listener.addresses[0][1]}")
        ready.set()
        await asyncio.to_thread(stopping.wait)
        web.stop()
        await serving
        listener.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield address[0]
    finally:
        stopping.set()
        thread.join()
