"""The connection to a collector of syslog messages. It blocks: a thread of its own has it."""

import contextlib
import socket
import ssl
from pathlib import Path

from server.journal.syslog_message import framed
from server.support.syslog_address import SyslogAddress

PATIENCE_SECONDS = 10.0
"""For a connection, and for a message that the collector does not take."""
BUFFER_BYTES = 1 << 16
"""Of the system, for what is sent and not yet taken: what is in there when a collector dies is lost."""
_DEAD_AFTER_MS = 30_000


def tls_context(authority: Path | None) -> ssl.SSLContext:
    """`authority`: certificates (PEM) that vouch for the collector; None: those of this machine. Raises
    OSError, ssl.SSLError."""
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class SyslogConnection:
    """Raises OSError, and ssl.SSLError, which is one, from wherever it fails; it is closed then."""

    def __init__(self, address: SyslogAddress, tls: ssl.SSLContext | None) -> None:
        """`tls`: where the transport is tls."""
        self._is_stream = address.transport != "udp"
        self._socket = _connected(address, tls)

    def send(self, message: bytes) -> None:
        """Returns when the system has taken it, which a collector that dies may never have."""
        try:
            if self._is_stream:
                self._notice_end()
            self._socket.sendall(framed(message) if self._is_stream else message)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if self._is_stream:
                self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()

    def _notice_end(self) -> None:
        """A collector says nothing: what it sends is the end, or TLS's own affair."""
        self._socket.settimeout(0)
        try:
            if not self._socket.recv(1024):
                raise ConnectionResetError("the collector has closed the connection")
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        finally:
            self._socket.settimeout(PATIENCE_SECONDS)


def _connected(address: SyslogAddress, tls: ssl.SSLContext | None) -> socket.socket:
    if address.transport == "udp":
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_DGRAM
        )[0]
        datagrams = socket.socket(family, kind, protocol)
        datagrams.connect(where)
        return datagrams
    stream = socket.create_connection((address.host, address.port), PATIENCE_SECONDS)
    try:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_AFTER_MS)
        return stream if tls is None else tls.wrap_socket(stream, server_hostname=address.host)
    except BaseException:
        stream.close()
        raise
