"""A terminal without camera and screen: the client's own socket and protocol, one frame in flight."""

import time
from types import TracebackType

from client.connection.stream import connect
from tests.benchmarks.speed.door_server import BenchmarkError
from wire import ClientConnection, Frame, Hello, Result, Welcome, encode

CHUNK_BYTES = 65536
ANSWER_SECONDS = 30.0


class Terminal:
    """One connection to a server on this machine."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = connect("127.0.0.1", port, None)
        self._socket.settimeout(ANSWER_SECONDS)
        self._protocol = ClientConnection()
        self._seq = 0
        self._socket.sendall(encode(Hello(name)))
        if not isinstance(self._receive(), Welcome):
            raise BenchmarkError("the server did not say welcome")

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def show(self, jpeg: bytes) -> tuple[Result, float]:
        """Send a frame and wait for its own result: the result, and how many seconds it took."""
        self._seq += 1
        message = encode(Frame(self._seq, jpeg))
        sent = time.perf_counter()
        self._socket.sendall(message)
        answer = self._receive()
        seconds = time.perf_counter() - sent
        if not isinstance(answer, Result):
            raise BenchmarkError(f"no result for frame {self._seq} but {answer}")
        if answer.seq != self._seq:
            raise BenchmarkError(f"a result for frame {answer.seq} where {self._seq} was in flight")
        return answer, seconds

    def _receive(self) -> object:
        while True:
            for message in self._protocol.events():
                return message
            data = self._socket.recv(CHUNK_BYTES)
            if not data:
                raise BenchmarkError("the server hung up")
            self._protocol.feed(data)
