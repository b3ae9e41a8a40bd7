"""A peer over a WebSocket: the transport beside TCP. The wire's bytes go in binary messages, cut anywhere."""

import asyncio
import contextlib
import http
import logging
import socket
from collections.abc import Collection

from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from server.terminals.tcp import SEND_BUFFER
from server.web.origin import is_called, same_origin

log = logging.getLogger(__name__)

MESSAGE_BYTES = 1 << 16
"""Largest message of a WebSocket. One of the wire may take several: what a stranger can make us hold stays as
little as over TCP."""
READ_BYTES = 1 << 12
"""Read at once: as many of the smallest frames keep the event loop busy for 8 ms."""
FRAMES_IN_A_ROW = 32
"""After so many frames of one peer the others get their turn."""

_protocol_log = logging.getLogger(f"{__name__}.protocol")
_protocol_log.setLevel(logging.WARNING)


class WebSocketTransport:
    """A connection whose first bytes ask for a WebSocket at `path`, over TLS or not.

    Compression is never agreed to, so that a message weighs what was sent. Pings are answered before anything
    more is read: whoever does not read the answers is not read either.
    """

    certificate = None
    """The console's port asks nobody for one: browsers would ask the visitor which to show."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        path: str,
        names: Collection[str] | None = None,
    ) -> None:
        """`names`: see `Settings.console_names`."""
        host, port = writer.get_extra_info("peername")[:2]
        self.peer = f"{host}:{port}"
        self._reader = reader
        self._writer = writer
        self._path = path
        self._names = names
        self._protocol = ServerProtocol(max_size=MESSAGE_BYTES, logger=_protocol_log)
        self._draining = asyncio.Lock()
        self._received = bytearray()
        self._closed = False
        self._violation = ""

    async def open(self) -> None:
        """Shake hands. Raises ConnectionError: the peer asks for something else, or must not ask."""
        self._writer.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER
        )
        # `drain` then returns when everything has been handed to the operating system; with 0 it would, with
        # TLS, wait for the peer to say something after every other message
        self._writer.transport.set_write_buffer_limits(high=1, low=0)
        request = await self._request()
        status, why = self._refusal(request)
        answer = self._protocol.reject(status, f"{why}.\n") if status else self._protocol.accept(request)
        self._protocol.send_response(answer)
        await self._flush()
        if answer.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise ConnectionError(why or "it asked for no WebSocket")

    async def read(self) -> bytes:
        while not self._received and not self._closed and not self._violation:
            frames = self._parse(await self._reader.read(READ_BYTES))
            await self._flush()
            if frames > FRAMES_IN_A_ROW:
                await asyncio.sleep(0)
        if self._violation and not self._received:
            raise ConnectionError(self._violation)
        data = bytes(self._received)
        self._received.clear()
        return data

    async def write(self, data: bytes) -> None:
        try:
            self._protocol.send_binary(data)
        except InvalidState:
            raise ConnectionResetError("it has closed the WebSocket") from None
        await self._flush()

    def end_writing(self) -> None:
        """The peer answers by closing its side, which ends what is read."""
        with contextlib.suppress(InvalidState):
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._writer.write(b"".join(self._protocol.data_to_send()))

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _request(self) -> Request:
        while True:
            data = await self._reader.read(READ_BYTES)
            if not data:
                raise ConnectionError("it asked for nothing")
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                assert isinstance(event, Request)
                return event
            if self._protocol.handshake_exc is not None:
                raise ConnectionError("it speaks no HTTP")

    def _refusal(self, request: Request) -> tuple[http.HTTPStatus | None, str]:
        """What to answer to a request that is not for a terminal, and why; None: it may be one."""
        if request.path.partition("?")[0] != self._path:
            return http.HTTPStatus.NOT_FOUND, "there is no WebSocket at this path"
        origins = request.headers.get_all("Origin")
        hosts = request.headers.get_all("Host")
        if len(origins) > 1 or len(hosts) != 1:
            return http.HTTPStatus.BAD_REQUEST, "it must have one Host, and at most one Origin"
        if not is_called(hosts[0], self._names):
            return http.HTTPStatus.MISDIRECTED_REQUEST, "this server has another name"
        if not same_origin(origins[0] if origins else None, hosts[0]):
            log.warning("%s: a page of %s wanted to be a terminal", self.peer, ascii(origins[0][:200]))
            return http.HTTPStatus.FORBIDDEN, "only pages of this server may be a terminal"
        return None, ""

    def _parse(self, data: bytes) -> int:
        """Take what the peer has sent, nothing at its end. Returns how many frames it completed."""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        events = self._protocol.events_received()
        for frame in events:
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.TEXT:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "binary messages only")
                self._violation = "it sent a text message"
                break
            if frame.opcode in (Opcode.BINARY, Opcode.CONT):
                self._received += frame.data
        self._closed = not data or self._protocol.close_rcvd is not None
        if self._protocol.parser_exc is not None and not self._closed:
            self._violation = f"it broke the WebSocket protocol: {self._protocol.parser_exc}"
        return len(events)

    async def _flush(self) -> None:
        if unsent := b"".join(self._protocol.data_to_send()):
            self._writer.write(unsent)
            async with self._draining:
                await self._writer.drain()
