"""A peer over TCP, with TLS where the server has a certificate."""

import asyncio
import contextlib
import socket
import ssl
from typing import Any

from server.terminals.credentials import ShownCertificate
from server.terminals.transport import UntrustedError

READ_BYTES = 1 << 16
SEND_BUFFER = 1 << 16
"""What the operating system keeps of our replies, in bytes: they are small, and a peer that does not read
them should be noticed soon."""


class TcpTransport:
    """An accepted connection. It costs a socket until `open`, and with TLS 300 KB from then on."""

    def __init__(self, accepted: socket.socket, address: tuple[Any, ...], tls: ssl.SSLContext | None) -> None:
        """`address`: the peer's, as `accept` gave it."""
        self.peer = f"{address[0]}:{address[1]}"
        self.certificate: ShownCertificate | None = None
        self._socket = accepted
        self._tls = tls
        self._reader = asyncio.StreamReader()
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Shake hands, with TLS. Raises UntrustedError."""
        loop = asyncio.get_running_loop()
        protocol = asyncio.StreamReaderProtocol(self._reader)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        # a reply should leave at once, not wait for the acknowledgement of the one before
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, self._socket, ssl=self._tls)
        except ssl.SSLCertVerificationError as error:
            raise UntrustedError(error.verify_message) from None
        except BaseException as error:
            # Its traceback would hold itself, and with it 300 KB, until all garbage is collected: too late.
            raise error.with_traceback(None) from None
        # `drain` then returns when everything has been handed to the operating system; with 0 it would, with
        # TLS, wait for the peer to say something after every other message
        transport.set_write_buffer_limits(high=1, low=0)
        self.certificate = ShownCertificate.of(transport.get_extra_info("ssl_object"))
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)

    async def read(self) -> bytes:
        return await self._reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        assert self._writer is not None, "not open"
        self._writer.write(data)
        await self._writer.drain()

    def end_writing(self) -> None:
        """TLS cannot close one direction alone."""
        if self._writer is not None and self._writer.can_write_eof():
            self._writer.write_eof()

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        else:
            # `open` has the socket, or will have: it finds the stream ended, and closes it
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
