"""All connections of the server: strangers until they have said hello, terminals from then on."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable

from server.audit.security_log import Notice, SecurityKind
from server.support.complaint import Complaint
from server.support.guesses import Guesses
from server.support.networks import network_of
from server.support.throttle import Throttle
from server.terminals.deadlines import DEADLINES, Deadlines
from server.terminals.doorstep import Doorstep
from server.terminals.listener import Address
from server.terminals.peer import PendingFrame
from server.terminals.session import Session
from server.terminals.strangers import Strangers
from server.terminals.tcp import TcpTransport
from server.terminals.transport import Transport
from server.tokens.accepted import AcceptedTokens
from wire import ErrorCode, ErrorMessage, Limits, ProtocolError

log = logging.getLogger(__name__)


class Connections:
    """Serves each connection until it ends. Strangers have a budget of their own; `max_terminals` limits
    those who have said hello.

    Where tokens are needed a terminal is connected once: nobody else is served beside it unseen who has its
    token, too. Without tokens a name proves nothing, and any number may have it.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        tokens: Callable[[], AcceptedTokens],
        max_terminals: int,
        refuse_second: bool,
        notice: Notice,
        tls: ssl.SSLContext | None,
        note: Callable[[str], str | None],
        on_join: Callable[[Session], None],
        on_frame: Callable[[Session, PendingFrame], None],
        on_propose: Callable[[Session, int], None],
        on_leave: Callable[[Session], Awaitable[None]],
        deadlines: Deadlines = DEADLINES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tokens`: those that hold at this moment. `refuse_second`: of two connections of a terminal the
        first one stays; else the second takes over. `notice` is told of what may be an attack. `note`: what
        the administrator tells visitors at the terminal of that name. `on_join` is called before a terminal
        is welcomed, `on_leave` awaited when its session is over. `clock`: monotonic seconds."""
        self._limits = limits
        self._tokens = tokens
        self._max_terminals = max_terminals
        self._refuse_second = refuse_second
        self._notice = notice
        self._tls = tls
        self._note = note
        self._on_join = on_join
        self._on_frame = on_frame
        self._on_propose = on_propose
        self._on_leave = on_leave
        self._deadlines = deadlines
        self._tasks: dict[Session, asyncio.Task[None]] = {}
        self._strangers: Strangers[Session] = Strangers()
        self._terminals: dict[Session, None] = {}
        """In order of arrival."""
        self._partings: set[asyncio.Future[None]] = set()
        self._crowded = Complaint(log, logging.WARNING)
        self._guesses = Guesses(clock)
        self._doorstep = Doorstep(clock)
        self._floods = Throttle(clock, free=1)
        """By terminal and network, so that nobody keeps a terminal out from elsewhere."""

    def accept(self, accepted: socket.socket, address: Address) -> bool:
        """Serve a connection that the listener has accepted; it counts from now on. Returns whether it is
        served: whose tokens were wrong too often is not even spoken to for a while, unless a terminal has
        come from there, which who shares its address must not keep out."""
        source = str(address[0])
        wrong_too_often = self._guesses.wait(source) > 0 and not self._doorstep.knows(source)
        if wrong_too_often:
            self._notice(SecurityKind.TOO_MANY_GUESSES, source=source, unheard="yes")
        if wrong_too_often or self._turns_away(source):
            accepted.close()
            return False
        self._begin(TcpTransport(accepted, address, self._tls), source)
        return True

    def serve(self, transport: Transport, address: str) -> None:
        """Serve a connection that has yet to be opened, or turn it away. `address`: the peer's, without its
        port."""
        if self._turns_away(address):
            transport.abort()
        else:
            self._begin(transport, address)

    def _turns_away(self, address: str) -> bool:
        turned_away = self._doorstep.turns_away(address, self._strangers.of(address))
        if turned_away:
            self._tell_crowd(address)
        return turned_away

    def _begin(self, transport: Transport, address: str) -> None:
        session = Session(
            transport,
            limits=self._limits,
            source=address,
            tokens=self._tokens,
            guesses=self._guesses,
            notice=self._notice,
            admit=self._admit,
            note=self._note,
            on_frame=self._on_frame,
            on_propose=self._on_propose,
            deadlines=self._deadlines,
        )
        crowded_out = self._strangers.arrive(session, address, self._doorstep.most(address))
        if crowded_out is not None:
            self._tell_crowd(crowded_out.source)
            crowded_out.abort()
        self._tasks[session] = asyncio.ensure_future(self._run(session))

    def _tell_crowd(self, address: str) -> None:
        self._crowded.tell(
            "too many connections have yet to say hello: some are turned away, now one from %s", address
        )
        self._notice(SecurityKind.CROWDED_OUT, source=address)

    async def dismiss_unauthorised(self) -> None:
        """Part from the terminals whose token does not hold any more. Each has a moment to read why; frames
        that it still sends are not looked at."""
        gone = [session for session in self._terminals if not session.authorised]
        for session in gone:
            log.warning("%s: disconnected: its token or certificate does not hold any more", session.name)
            self._notice(SecurityKind.TOKEN_ENDED, terminal=session.terminal, source=session.source)
        why = ErrorMessage(ErrorCode.UNAUTHORIZED, "this terminal's token does not hold any more")
        await asyncio.gather(*(session.end(why) for session in gone))

    async def hang_up(self, seconds: float) -> None:
        """End all connections when what is queued for them has been sent; wait at most `seconds` for their
        last visits to be logged."""
        if self._tasks:
            tasks = list(self._tasks.values())
            await asyncio.gather(*(session.end() for session in tuple(self._tasks)))
            await asyncio.wait(tasks, timeout=seconds)

    async def _run(self, session: Session) -> None:
        try:
            await session.run()
            if session.failed_as_stranger:
                self._doorstep.failed(session.source)
            if session.sent_too_much:
                self._floods.failed(_pair(session))
                self._notice(SecurityKind.SENT_TOO_MUCH, terminal=session.terminal, source=session.source)
            self._terminals.pop(session, None)  # what is still to be logged takes nobody's place
            if session.welcomed:
                await self._on_leave(session)
        except Exception:
            log.exception("%s: disconnected by a fault of the server", session.name)
        finally:
            del self._tasks[session]
            self._terminals.pop(session, None)
            self._strangers.leave(session)
            if not self._strangers:
                self._crowded.mended()

    def _admit(self, session: Session) -> None:
        """Raises ProtocolError: there is no place for it, or it has to wait for one."""
        wait = self._floods.wait(_pair(session))
        if wait > 0:
            message = f"this terminal sent too much; wait {int(wait) + 1} seconds"
            raise ProtocolError(ErrorCode.TOO_MANY, message)
        first = self._same(session) if self._tokens().required else None
        if first is not None:
            self._settle(first, session)
        elif len(self._terminals) >= self._max_terminals:
            raise ProtocolError(ErrorCode.TOO_MANY, "too many terminals are connected")
        self._strangers.leave(session)
        self._doorstep.welcomed(session.source)
        self._terminals[session] = None
        self._on_join(session)

    def _same(self, session: Session) -> Session | None:
        return next((other for other in self._terminals if other.terminal == session.terminal), None)

    def _settle(self, first: Session, second: Session) -> None:
        """One of the two goes: a terminal that lost its link is back before its old connection is known to be
        dead, or somebody else has its token. Raises ProtocolError: the second."""
        self._notice(
            SecurityKind.SECOND_CONNECTION,
            terminal=second.terminal,
            source=second.source,
            first=first.source,
            outcome="refused" if self._refuse_second else "took_over",
        )
        where = f"connected from {first.address}, and again from {second.address}"
        if self._refuse_second:
            log.warning("%s: %s, which is refused; is its token elsewhere, too?", second.name, where)
            raise ProtocolError(ErrorCode.TOO_MANY, "a terminal of this name is connected already")
        log.warning("%s: %s, which takes over; is its token elsewhere, too?", second.name, where)
        del self._terminals[first]
        why = ErrorMessage(ErrorCode.TOO_MANY, "another connection with this terminal's token took over")
        parting = asyncio.ensure_future(first.end(why))
        self._partings.add(parting)
        parting.add_done_callback(self._partings.discard)


def _pair(session: Session) -> str:
    return f"{network_of(session.source)} {session.terminal}"
