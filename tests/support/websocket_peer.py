"""The other end of a WebSocket, which need not behave."""

import asyncio
import socket
import struct

import msgpack
from websockets.frames import Frame, Opcode

from wire import ClientConnection, Hello, Message, Welcome, encode

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def request(path: str = "/terminal/socket", host: str = "door.lan:8443", **headers: str) -> bytes:
    """What a browser asks, with more headers, or other ones: `Origin="https://door.lan:8443"`."""
    told = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items() if value)]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def frame(opcode: Opcode, data: bytes = b"", fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def binary(data: bytes) -> bytes:
    return frame(Opcode.BINARY, data)


class WebSocketPeer:
    """One connection. What it says is not checked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = ClientConnection()
        self._heard: list[Message] = []

    @classmethod
    async def connect(cls, port: int, receive_buffer: int | None = None) -> "WebSocketPeer":
        """`receive_buffer` (bytes) is set before connecting: TCP cannot take back an offered window."""
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        limit = 1 << 16 if receive_buffer is None else receive_buffer
        return cls(*await asyncio.open_connection(sock=sock, limit=limit))

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    async def answer(self) -> str:
        """The first line of the answer to a request."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        self.head = head.decode()
        return self.head.partition("\r\n")[0]

    async def shake_hands(self, **headers: str) -> None:
        self.send(request(**headers))
        assert await self.answer() == "HTTP/1.1 101 Switching Protocols"

    def say(self, *messages: Message) -> None:
        self.send(b"".join(binary(encode(message)) for message in messages))

    async def hear(self) -> Message:
        """The next message of the wire. Raises EOFError: the server ends the connection."""
        while not self._heard:
            opcode, data = await self.frame()
            if opcode is Opcode.CLOSE:
                raise EOFError(data)
            assert opcode is Opcode.BINARY
            self._connection.feed(data)
            self._heard += self._connection.events()
        return self._heard.pop(0)

    async def greet(self, terminal: str = "front", token: str | None = None) -> Welcome:
        self.say(Hello(terminal, token))
        welcome = await self.hear()
        assert isinstance(welcome, Welcome)
        return welcome

    async def frame(self) -> tuple[Opcode, bytes]:
        """The next frame, which a server does not mask."""
        first, length = await self._reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack(">H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
        return Opcode(first & 15), await self._reader.readexactly(length)

    async def close_code(self) -> int:
        """That of the close frame, which comes next."""
        opcode, data = await self.frame()
        assert opcode is Opcode.CLOSE, (opcode, data)
        (code,) = struct.unpack_from(">H", data)
        return int(code)

    async def gone(self) -> bool:
        """Whether the server has ended the connection, once all that it sent has been read."""
        try:
            while await self._reader.read(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True

    def leave(self) -> None:
        self._writer.transport.abort()


def packed(**message: object) -> bytes:
    """A message of the wire by its fields, right or wrong."""
    payload: bytes = msgpack.packb(message)
    return struct.pack(">I", len(payload)) + payload
