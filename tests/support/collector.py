"""A collector of syslog messages over TLS, or plain TCP, that may be away, die or hang."""

import contextlib
import socket
import ssl
import threading


class Collector:
    """Listens on a port of its own at 127.0.0.1. `received`: messages, in order; wait for them by `until`.
    `reading`: while it is not set, nothing is read."""

    def __init__(self, tls: ssl.SSLContext | None, port: int = 0) -> None:
        self.received: list[bytes] = []
        self.reading = threading.Event()
        self.reading.set()
        self._tls = tls
        self._changed = threading.Condition()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.05)
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def until(self, count: int, seconds: float = 20.0) -> list[bytes]:
        """So many messages have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, seconds), self.received
            return list(self.received)

    def end(self) -> None:
        """It dies: nothing is listening, and every connection is cut."""
        self._ended = True
        self.reading.set()
        self._thread.join()
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self) -> None:
        while not self._ended:
            with contextlib.suppress(OSError):
                accepted = self._listener.accept()[0]
                accepted.setblocking(True)
                self._connections.append(accepted)
                threading.Thread(target=self._read, args=(accepted,), daemon=True).start()

    def _read(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._tls is not None:
                accepted = self._tls.wrap_socket(accepted, server_side=True)
                self._connections.append(accepted)
            stream = accepted.makefile("rb")
            while True:
                self.reading.wait()
                length = b""
                while (char := stream.read(1)) != b" ":
                    if not char:
                        return
                    length += char
                message = stream.read(int(length))
                if len(message) < int(length):
                    return
                with self._changed:
                    self.received.append(message)
                    self._changed.notify_all()
