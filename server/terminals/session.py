"""One connected terminal: its connection, its door, and what it still has to be told."""

import asyncio
import contextlib
import hmac
import logging
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

from server.terminals.peer import PendingFrame
from wire import (
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    ProtocolError,
    ServerConnection,
    Welcome,
    encode,
)

log = logging.getLogger(__name__)

HELLO_SECONDS = 5.0
"""A peer that has not said a valid hello by then is disconnected."""
MESSAGE_SECONDS = 10.0
"""A message that has begun must be complete by then."""
IDLE_SECONDS = 60.0
"""A terminal that says nothing for so long is gone; ours pings every few seconds."""
OUTBOX = 64
"""Messages that may wait for a terminal that does not read; one more and it is disconnected."""
FAREWELL_SECONDS = 1.0
"""How long a peer gets to read why it is being disconnected."""
SEND_BUFFER = 1 << 16
"""What the operating system keeps of our replies, in bytes: they are small, and a peer that does not read
them should be noticed soon."""
READ_BYTES = 1 << 16
MESSAGES_IN_A_ROW = 32
"""After so many messages of one terminal the others get their turn."""


class Session:
    """Reads one terminal's messages until it leaves; frames go to `on_frame`, the rest is answered here."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        limits: Limits,
        tokens: Mapping[str, str],
        admit: Callable[["Session"], bool],
        on_frame: Callable[["Session", PendingFrame], None],
    ) -> None:
        """`admit` is asked once the hello is good; False means that too many terminals are connected."""
        self.id = secrets.token_hex(8)
        self.terminal = ""
        self.open = True
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._tokens = tokens
        self._admit = admit
        self._on_frame = on_frame
        self._connection = ServerConnection(limits.frame_bytes)
        self._outbox: asyncio.Queue[Message] = asyncio.Queue(OUTBOX)
        self._sending: asyncio.Task[None] | None = None
        self._leaving = False
        self._over = asyncio.Event()
        # `drain` then returns when everything has been handed to the operating system
        writer.transport.set_write_buffer_limits(high=0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    @property
    def name(self) -> str:
        """For the console: the terminal where it is known, else the peer's address."""
        return ascii(self.terminal) if self.terminal else self._peer

    @property
    def _peer(self) -> str:
        address = self._writer.get_extra_info("peername")
        return f"{address[0]}:{address[1]}" if address else "a peer that is gone"

    async def run(self) -> None:
        """Serve the connection until it ends, whatever the peer does; never raises for its sake."""
        self._sending = asyncio.get_running_loop().create_task(self._send_outbox())
        try:
            await self._receive()
        except ProtocolError as error:
            log.warning("%s: disconnected: %s", self.name, error)
            await self._dismiss(error.code, error.message)
        except (ConnectionError, asyncio.TimeoutError, OSError) as error:
            log.info("%s: connection lost: %s", self.name, error or type(error).__name__)
        finally:
            self.open = False
            self._sending.cancel()
            self._writer.transport.abort()
            self._over.set()

    def send(self, message: Message) -> None:
        """Queue a message. A peer that lets its queue fill up is disconnected: it is not reading."""
        if not self.open:
            return
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("%s: disconnected: it does not read its replies", self.name)
            self.abort()

    def abort(self) -> None:
        """End the connection now; `run` returns soon after."""
        self.open = False
        self._writer.transport.abort()

    async def end(self, error: ErrorMessage | None = None) -> None:
        """End the connection from outside `run`, after what is queued and the reason have been sent.

        What the peer still sends is read and thrown away, so that those last words arrive.
        """
        if error is not None:
            self.send(error)
        self._leaving = True
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._part(self._over.wait), FAREWELL_SECONDS)
        self.abort()

    async def _dismiss(self, code: ErrorCode, message: str) -> None:
        """Tell the peer why, and give it a moment to read it before the connection is closed.

        The rest of what it sends is read and thrown away: closing with unread data would make the peer's
        machine discard our last message.
        """
        self.send(ErrorMessage(code, message))
        self.open = False
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._part(self._discard), FAREWELL_SECONDS)

    async def _part(self, peer_is_gone: Callable[[], Awaitable[object]]) -> None:
        await self._outbox.join()
        if self._writer.can_write_eof():
            self._writer.write_eof()
        await peer_is_gone()

    async def _discard(self) -> None:
        while await self._reader.read(READ_BYTES):
            pass

    async def _receive(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + HELLO_SECONDS
        begun = False
        while self.open:
            try:
                data = await asyncio.wait_for(self._reader.read(READ_BYTES), deadline - loop.time())
            except asyncio.TimeoutError:
                raise ProtocolError(ErrorCode.BAD_MESSAGE, self._lateness()) from None
            if not data:
                log.info("%s: disconnected%s", self.name, " in mid-message" if begun else "")
                return
            if self._leaving:
                continue
            self._connection.feed(data)
            complete = await self._handle_all()
            if self.terminal and (complete or not begun):
                begun = self._connection.mid_message
                deadline = loop.time() + (MESSAGE_SECONDS if begun else IDLE_SECONDS)

    async def _handle_all(self) -> bool:
        """Handle the complete messages; returns whether there were any."""
        handled = 0
        for event in self._connection.events():
            self._handle(event)
            handled += 1
            if handled % MESSAGES_IN_A_ROW == 0:
                await asyncio.sleep(0)
        return handled > 0

    def _lateness(self) -> str:
        if not self.terminal:
            return f"no complete hello within {HELLO_SECONDS:.0f} s"
        if self._connection.mid_message:
            return f"a message was not complete within {MESSAGE_SECONDS:.0f} s"
        return f"nothing was received for {IDLE_SECONDS:.0f} s"

    def _handle(self, event: Hello | Frame | Ping) -> None:
        if isinstance(event, Frame):
            self._on_frame(self, PendingFrame(event.seq, event.jpeg, time.monotonic()))
        elif isinstance(event, Ping):
            self.send(Pong(event.id))
        else:
            self._greet(event)

    def _greet(self, hello: Hello) -> None:
        if not self._is_authorised(hello):
            log.warning("%s: wrong or missing token for terminal %s", self.name, ascii(hello.terminal))
            raise ProtocolError(ErrorCode.UNAUTHORIZED, "this terminal and token are not accepted here")
        self.terminal = hello.terminal
        if not self._admit(self):
            raise ProtocolError(ErrorCode.TOO_MANY, "too many terminals are connected")
        self._connection.accept()
        self.send(Welcome(self.id, self._limits))
        log.info("%s: connected from %s", self.name, self._peer)

    def _is_authorised(self, hello: Hello) -> bool:
        if not self._tokens:
            return True
        expected = self._tokens.get(hello.terminal)
        # Compare against something in any case, so that timing does not tell which terminals exist.
        given = (hello.token or "").encode()
        matches = hmac.compare_digest(given, (expected or secrets.token_hex(16)).encode())
        return matches and expected is not None

    async def _send_outbox(self) -> None:
        while True:
            message = await self._outbox.get()
            try:
                self._writer.write(encode(message))
                await self._writer.drain()
            except (ConnectionError, OSError):
                self.abort()
            finally:
                self._outbox.task_done()
