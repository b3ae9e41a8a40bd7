"""A terminal written from docs/protocol.md alone: it shares no code with `wire` or `client`."""

import socket
import struct
from types import TracebackType
from typing import Any

import msgpack

TIMEOUT = 20.0


class BlackBox:
    """One connection; messages are plain maps."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        """`receive_buffer` (bytes) is set before connecting: TCP cannot take back an offered window."""
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self._seq = 0

    def __enter__(self) -> "BlackBox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, **message: Any) -> None:
        self.send_raw(packed(message))

    def receive(self) -> dict[str, Any]:
        """The next message. Raises EOFError: the server closed the connection."""
        (length,) = struct.unpack(">I", self._exactly(4))
        message = msgpack.unpackb(self._exactly(length))
        assert isinstance(message, dict)
        return message

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            received = self.socket.recv(count - len(data))
            if not received:
                raise EOFError
            data += received
        return data

    def hello(self, terminal: str = "test-door", token: str | None = None) -> dict[str, Any]:
        self.send(type="hello", version=1, terminal=terminal, token=token)
        return self.receive()

    def show(self, jpeg: bytes) -> dict[str, Any]:
        """Send one frame and wait for its answer."""
        self._seq += 1
        self.send(type="frame", seq=self._seq, jpeg=jpeg)
        answer = self.receive()
        assert answer["seq"] == self._seq
        return answer

    def closed(self) -> bool:
        """Whether the server has hung up: no more than the end of the stream is left to read."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def packed(message: dict[str, Any]) -> bytes:
    payload: bytes = msgpack.packb(message)
    return struct.pack(">I", len(payload)) + payload
