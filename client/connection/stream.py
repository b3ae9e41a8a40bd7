"""A non-blocking byte stream to the server, plain or TLS, that another thread can wake."""

import contextlib
import select
import socket
import ssl
from collections.abc import Collection

from client.connection.pins import require_pinned

CONNECT_SECONDS = 5.0
"""For each of: TCP connect to one address, TLS handshake."""
CHUNK_BYTES = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Waker:
    """Lets one thread end another's wait in `select`, on every platform."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)

    def wake(self) -> None:
        # Full means that a wake-up is already waiting; closed, that nobody sleeps any more.
        with contextlib.suppress(OSError):
            self._sender.send(b"\0")

    def fileno(self) -> int:
        return self._receiver.fileno()

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(CHUNK_BYTES):
                pass


def connect(host: str, port: int, tls: ssl.SSLContext | None, pins: Collection[str] = ()) -> socket.socket:
    """A connected socket. `pins`: fingerprints of keys; with any, the server must have one of these. Raises
    OSError (also for TLS): no such name, refused, not trusted."""
    sock = socket.create_connection((host, port), CONNECT_SECONDS)
    try:
        # A frame should leave at once, not wait for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _secured(sock, host, tls, pins) if tls else sock
    except BaseException:
        sock.close()
        raise


def _secured(sock: socket.socket, host: str, tls: ssl.SSLContext, pins: Collection[str]) -> ssl.SSLSocket:
    secured = tls.wrap_socket(sock, server_hostname=host)
    try:
        require_pinned(secured, pins)
    except BaseException:
        secured.close()
        raise
    return secured


class Stream:
    """Owns a connected socket and the bytes that wait to be sent."""

    def __init__(self, sock: socket.socket, waker: Waker) -> None:
        self._sock = sock
        self._sock.setblocking(False)
        self._waker = waker
        self._unsent = bytearray()
        self._broken: OSError | None = None

    def send(self, data: bytes) -> None:
        """Queue `data`; `exchange` sends it."""
        self._unsent += data

    def exchange(self, timeout: float) -> bytes:
        """Send and receive what can be now; wait up to `timeout` seconds, or until woken, for either.

        Returns what arrived, maybe nothing. Raises OSError: the connection is gone.
        """
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            timeout = 0.0
        reading: list[socket.socket | Waker] = [self._sock, self._waker]
        ready, _, _ = select.select(reading, [self._sock] if self._unsent else [], [], timeout)
        if self._waker in ready:
            self._waker.drain()
        received = self._receive()
        self._flush()
        return received

    def _receive(self) -> bytes:
        try:
            received = self._sock.recv(CHUNK_BYTES)
        except _WOULD_BLOCK:
            if self._broken:
                raise self._broken from None
            return b""
        if not received:
            raise self._broken or ConnectionError("the server closed the connection")
        return received

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent[:CHUNK_BYTES])]
        except _WOULD_BLOCK:
            pass
        except OSError as error:
            # The server may have said why it hung up: `_receive` reads that first.
            self._broken = error
            self._unsent.clear()

    def close(self) -> None:
        self._sock.close()
