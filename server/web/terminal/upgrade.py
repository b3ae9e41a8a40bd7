"""Where the web server hands over a connection that is to become a WebSocket.

It is not left to the web server and a route of the app: that would queue the messages of one read, and the
answers to pings, without a limit, and could not cut off a peer that does not read.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from server.terminals.transport import Transport
from server.web.terminal.websocket import READ_BYTES, WebSocketTransport

SOCKET_PATH = "/terminal/socket"


def terminal_sockets(
    serve: Callable[[Transport, str], None], names: Collection[str] | None
) -> type[asyncio.Protocol]:
    """For the WebSockets at SOCKET_PATH: see `server.web.sockets`. `serve`: takes over each connection, and
    the address it is from. `names`: see `Settings.console_names`.

    The web server has read a request that asks for one, and repeats it to an instance. From there on the
    connection is a terminal's, or a stranger's, like those over TCP: the web server does not count it, and
    does not close it when it ends.
    """

    class TerminalSocket(asyncio.StreamReaderProtocol):
        def __init__(self, **of_the_web_server: Any) -> None:
            super().__init__(asyncio.StreamReader(limit=READ_BYTES), self._serve)

        def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            address = writer.get_extra_info("peername")
            if address is None:  # that peer has gone again
                writer.transport.abort()
                return
            serve(WebSocketTransport(reader, writer, SOCKET_PATH, names), str(address[0]))

    return TerminalSocket
