"""Which WebSocket is whose: terminals have a way of their own, all others are the app's."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


def by_path(path: str, own: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """For `uvicorn.Config(ws=...)`: a request for a WebSocket at `path` is for `own`, any other for the app.

    The web server repeats the request to an instance, and from then on hands it all that happens to the
    connection.
    """

    class Socket(asyncio.Protocol):
        def __init__(self, **of_the_web_server: Any) -> None:
            self._arguments = of_the_web_server
            self._transport: asyncio.BaseTransport | None = None
            self._chosen: asyncio.Protocol | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            if self._chosen is None:
                assert self._transport is not None
                target = data.split(b" ", 2)[1].partition(b"?")[0]
                chosen = own if target == path.encode() else WebSocketsSansIOProtocol
                self._chosen = chosen(**self._arguments)
                self._chosen.connection_made(self._transport)
            self._chosen.data_received(data)

        def eof_received(self) -> bool | None:
            return self._chosen.eof_received() if self._chosen else None

        def connection_lost(self, exc: Exception | None) -> None:
            if self._chosen:
                self._chosen.connection_lost(exc)

        def pause_writing(self) -> None:
            if self._chosen:
                self._chosen.pause_writing()

        def resume_writing(self) -> None:
            if self._chosen:
                self._chosen.resume_writing()

    return Socket
