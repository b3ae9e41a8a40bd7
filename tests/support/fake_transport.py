"""The connection between a session and a terminal of a test, without sockets."""

import asyncio

from server.terminals.credentials import ShownCertificate
from wire import ClientConnection, ErrorMessage, Hello, Message, Welcome, encode


class FakeTransport:
    """A transport, and the terminal at its other end: `say`, `hear`, `leave`."""

    def __init__(self, peer: str = "10.0.0.7:40000") -> None:
        self.peer = peer
        self.certificate: ShownCertificate | None = None
        self.opens = asyncio.Event()
        """Until it is set, `open` waits, as for a TLS handshake."""
        self.opens.set()
        self.reads = asyncio.Event()
        """Until it is set, the terminal takes nothing of what is written."""
        self.reads.set()
        self.ended_writing = False
        self.aborted = False
        self._sent: asyncio.Queue[bytes] = asyncio.Queue()
        self._told: asyncio.Queue[Message | None] = asyncio.Queue()
        self._connection = ClientConnection()

    async def open(self) -> None:
        await self.opens.wait()

    async def read(self) -> bytes:
        if self.aborted:
            return b""
        return await self._sent.get()

    async def write(self, data: bytes) -> None:
        await self.reads.wait()
        if self.aborted:
            raise ConnectionResetError
        self._connection.feed(data)
        for message in self._connection.events():
            self._told.put_nowait(message)

    def end_writing(self) -> None:
        self.ended_writing = True

    def abort(self) -> None:
        self.aborted = True
        self.opens.set()
        self._sent.put_nowait(b"")
        self._told.put_nowait(None)

    def say(self, *messages: Message) -> None:
        self.say_bytes(b"".join(encode(message) for message in messages))

    def say_bytes(self, data: bytes) -> None:
        if data:
            self._sent.put_nowait(data)

    def leave(self) -> None:
        """End the stream, as a terminal does that closes its connection."""
        self._sent.put_nowait(b"")

    async def hear(self, number: int = 1) -> list[Message]:
        """The next messages; fewer when the server hangs up before."""
        heard: list[Message] = []
        while len(heard) < number and (message := await self._told.get()) is not None:
            heard.append(message)
        return heard

    async def last_words(self) -> ErrorMessage:
        """The error that ends the connection; the terminal then leaves."""
        (error,) = await self.hear()
        assert isinstance(error, ErrorMessage)
        self.leave()
        assert await self.hear() == [], "the connection is closed"
        return error

    async def greet(self, name: str = "front", token: str | None = None) -> Welcome:
        self.say(Hello(name, token))
        (welcome,) = await self.hear()
        assert isinstance(welcome, Welcome)
        return welcome
