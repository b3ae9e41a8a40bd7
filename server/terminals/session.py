"""One connected terminal: how it introduces itself, what it says, and what it still has to be told."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from server.audit.security_log import Notice, SecurityKind
from server.support.guesses import Guesses
from server.terminals.clock_skew import ClockSkew
from server.terminals.deadlines import DEADLINES, Deadlines
from server.terminals.outbox import Outbox
from server.terminals.peer import PendingFrame
from server.terminals.proof import Proof
from server.terminals.restraint import Restraint
from server.terminals.transport import Transport, UntrustedError
from server.tokens.accepted import AcceptedTokens
from wire import (
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Propose,
    ProtocolError,
    ServerConnection,
    Welcome,
)
from wire.messages import FromClient

log = logging.getLogger(__name__)

FEATURES = (Propose.type,)
"""What this server takes beyond what every server of the protocol's version does."""
STRANGE = frozenset({ErrorCode.BAD_MESSAGE, ErrorCode.FRAME_TOO_BIG})
"""With what a stranger that is no terminal is sent away; one of another version is a terminal."""
MESSAGES_IN_A_ROW = 32
"""After so many messages of one terminal the others get their turn."""


class _LateError(ProtocolError):
    """What was to come has not come in time."""


class Session:
    """Reads one terminal's messages until it leaves; frames go to `on_frame`, what it says of one to
    `on_propose`, the rest is answered here."""

    def __init__(
        self,
        transport: Transport,
        *,
        limits: Limits,
        source: str,
        tokens: Callable[[], AcceptedTokens],
        guesses: Guesses,
        notice: Notice,
        admit: Callable[["Session"], None],
        note: Callable[[str], str | None],
        on_frame: Callable[["Session", PendingFrame], None],
        on_propose: Callable[["Session", int], None],
        deadlines: Deadlines = DEADLINES,
    ) -> None:
        """`source`: the peer's address, without its port. `tokens`: those that hold at this moment;
        `guesses`: who tries others. `notice` is told of what may be an attack. `admit` is called once the
        hello is good, and raises ProtocolError where there is no place for the terminal. `note` is what the
        administrator tells visitors at the terminal of that name."""
        self.id = secrets.token_hex(8)
        self.terminal = ""
        self.open = True
        self.welcomed = False
        self._transport = transport
        self._limits = limits
        self.source = source
        self.proof = Proof(transport, source, tokens=tokens, guesses=guesses, notice=notice)
        self._notice = notice
        self._admit = admit
        self._note = note
        self._on_frame = on_frame
        self._on_propose = on_propose
        self._clock = ClockSkew()
        self.picture_age: float | None = None
        self._restraint: Restraint | None = None
        self.failed_as_stranger = False
        """Whether it said no hello in time, or none that could be read."""
        self._deadlines = deadlines
        self._connection = ServerConnection(limits.frame_bytes)
        self._outbox = Outbox(transport)
        self._leaving = False
        self._over = asyncio.Event()

    @property
    def name(self) -> str:
        """For the console: the terminal where it is known, else the peer's address."""
        return ascii(self.terminal) if self.terminal else self._transport.peer

    @property
    def address(self) -> str:
        return self._transport.peer

    @property
    def clock_skew(self) -> float | None:
        return self._clock.seconds

    async def run(self) -> None:
        """Serve the connection until it ends, whatever the peer does; never raises for its sake."""
        sending: asyncio.Task[None] | None = None
        try:
            deadline = await self._open()
            sending = asyncio.ensure_future(self._outbox.send())
            await self._receive(deadline)
        except ProtocolError as error:
            self.failed_as_stranger = not self.terminal and error.code in STRANGE
            log.warning("%s: disconnected: %s", self.name, error)
            self._notice_violation(error)
            await self._dismiss(error.code, error.message)
        except UntrustedError as error:
            log.warning("%s: refused: its certificate: %s", self.name, error)
            self._notice(
                SecurityKind.TERMINAL_CERTIFICATE_REFUSED, terminal=None, source=self.source, why=str(error)
            )
        except (ConnectionError, asyncio.TimeoutError, OSError) as error:
            if self.open:
                log.info("%s: connection lost: %s", self.name, str(error) or type(error).__name__)
        finally:
            self.open = False
            if sending is not None:
                sending.cancel()
            self._transport.abort()
            self._over.set()

    def send(self, message: Message) -> None:
        """Queue a message. A peer that lets its queue fill up is disconnected: it is not reading."""
        if not self.open:
            return
        if not self._outbox.put(message):
            log.warning("%s: disconnected: it does not read its replies", self.name)
            self.abort()

    @property
    def authorised(self) -> bool:
        """Whether what it proved itself by still holds."""
        return self.proof.holds

    @property
    def sent_too_much(self) -> bool:
        """Whether it was parted with for that."""
        return self._restraint is not None and self._restraint.broken

    def abort(self) -> None:
        """End the connection now; `run` returns soon after."""
        self.open = False
        self._transport.abort()

    async def end(self, error: ErrorMessage | None = None) -> None:
        """End the connection from outside `run`, after what is queued and the reason have been sent.

        What the peer still sends is read and thrown away, so that those last words arrive.
        """
        if error is not None:
            self.send(error)
        self._leaving = True
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._part(self._over.wait), self._deadlines.farewell)
        self.abort()

    async def _dismiss(self, code: ErrorCode, message: str) -> None:
        """Tell the peer why, and give it a moment to read it before the connection is closed.

        The rest of what it sends is read and thrown away: closing with unread data would make the peer's
        machine discard our last message.
        """
        self.send(ErrorMessage(code, message))
        self.open = False
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._part(self._discard), self._deadlines.farewell)

    async def _part(self, peer_is_gone: Callable[[], Awaitable[object]]) -> None:
        await self._outbox.sent()
        self._transport.end_writing()
        await peer_is_gone()

    async def _discard(self) -> None:
        while await self._transport.read():
            pass

    async def _open(self) -> float:
        """Returns the moment at which the hello must be complete, by the loop's clock."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._deadlines.hello
        try:
            await asyncio.wait_for(self._transport.open(), self._deadlines.hello)
        except asyncio.TimeoutError:
            raise ConnectionError(self._lateness()) from None
        return deadline

    async def _receive(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        begun = False
        while self.open:
            try:
                data = await asyncio.wait_for(self._transport.read(), deadline - loop.time())
            except asyncio.TimeoutError:
                raise _LateError(ErrorCode.BAD_MESSAGE, self._lateness()) from None
            if not self.open:
                return
            if not data:
                log.info("%s: disconnected%s", self.name, " in mid-message" if begun else "")
                return
            if self._leaving:
                continue
            self._connection.feed(data)
            complete = await self._handle_all()
            if self._restraint is not None:
                await self._restraint.take(size=len(data))
            if self.terminal and (complete or not begun):
                begun = self._connection.mid_message
                deadline = loop.time() + (self._deadlines.message if begun else self._deadlines.idle)

    async def _handle_all(self) -> bool:
        """Handle the complete messages; returns whether there were any."""
        handled = 0
        for event in self._connection.events():
            self._handle(event)
            handled += 1
            if handled % MESSAGES_IN_A_ROW == 0:
                await asyncio.sleep(0)
            if self._restraint is not None:
                await self._restraint.take(messages=1)
            if not self.open or self._leaving:
                break
        return handled > 0

    def _lateness(self) -> str:
        if not self.terminal:
            return f"no complete hello within {self._deadlines.hello:.0f} s"
        if self._connection.mid_message:
            return f"a message was not complete within {self._deadlines.message:.0f} s"
        return f"nothing was received for {self._deadlines.idle:.0f} s"

    def _handle(self, event: FromClient) -> None:
        if isinstance(event, Frame):
            self.picture_age = None
            self._on_frame(self, PendingFrame(event.seq, event.jpeg, time.monotonic()))
        elif isinstance(event, Ping):
            self.picture_age = event.picture_age
            self.send(Pong(event.id, None if event.clock is None else time.time()))
            if event.clock is not None and self._clock.tell(event.clock, time.time()):
                log.warning("%s: its clock is %s", self.name, self._clock)
        elif isinstance(event, Propose):
            self._on_propose(self, event.seq)
        else:
            self._greet(event)

    def _greet(self, hello: Hello) -> None:
        self.proof.show(hello)
        self.terminal = hello.terminal
        self._admit(self)
        self.welcomed = True
        self._restraint = Restraint(self.name)
        self._connection.accept()
        self.send(Welcome(self.id, self._limits, note=self._note(hello.terminal), features=FEATURES))
        log.info("%s: connected from %s", self.name, self._transport.peer)

    def _notice_violation(self, error: ProtocolError) -> None:
        """Neither of what has been told already, nor of a terminal that has fallen silent."""
        silent = self.welcomed and isinstance(error, _LateError)
        if not silent and error.code not in (ErrorCode.UNAUTHORIZED, ErrorCode.TOO_MANY):
            self._notice(
                SecurityKind.BAD_PROTOCOL,
                terminal=self.terminal or None,
                source=self.source,
                code=error.code.value,
                why=error.message,
            )
