"""The network thread: one connection to the server at a time, for ever."""

import random
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from client.camera.frames import CapturedFrame
from client.camera.pulse import Pulse
from client.connection.exchange import TIMEOUTS, Exchange, SentFrame, Timeouts
from client.connection.idle import IdleRate
from client.connection.jpeg import encode_within
from client.connection.reconnect import FAILURES, RefusedError, delays, is_fatal, reason
from client.connection.status import Answer, LinkState, LinkStatus, ProposalTold
from client.connection.stream import Stream, Waker, connect
from client.exits import Exit, FatalError
from client.latest import Latest
from wire import (
    ClientConnection,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Ping,
    ProposalOutcome,
    Propose,
    Proposed,
    Result,
    Verdict,
    Welcome,
    encode,
)
from wire.messages import FromServer

LOOK_SECONDS = 0.2
"""Longest wait before deadlines are looked at again."""


class Listener(Protocol):
    """Told by the link's thread what happens; must not block."""

    def on_answer(self, answer: Answer) -> None: ...

    def on_error(self, error: ErrorMessage) -> None: ...

    def on_link(self, status: LinkStatus) -> None: ...


@dataclass(frozen=True)
class LinkSettings:
    """Where to connect, what to say there, how large frames are sent, after how many seconds without movement
    at the idle rate (None: never), and when to give the connection up. `pins`: fingerprints of the server's
    key, where there are any; `certified`: whether `tls` shows a certificate."""

    host: str
    port: int
    hello: Hello
    tls: ssl.SSLContext | None
    width: int
    quality: int
    idle_after: float | None
    timeouts: Timeouts = TIMEOUTS
    pins: frozenset[str] = frozenset()
    certified: bool = False


class Link:
    """Owns the connection. Others `offer` frames and read `status` and `settled`."""

    def __init__(self, settings: LinkSettings, listener: Listener, stopping: threading.Event) -> None:
        self.status = LinkStatus()
        self.settled = 0
        """Number of the last frame that was answered, not worth sending, or lost with its connection."""
        self._settings = settings
        self._listener = listener
        self._stopping = stopping
        self._frames: Latest[CapturedFrame] = Latest()
        self._pulse = Pulse(time.monotonic())
        self._proposing = threading.Event()
        self._waker = Waker()

    @property
    def where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def offer(self, frame: CapturedFrame) -> None:
        """Make `frame` the next to be sent, from any thread."""
        self._pulse.beat(frame.captured)
        self._frames.put(frame)
        self._waker.wake()

    def propose(self) -> None:
        """Propose the face in the last answered frame for enrolment, from any thread."""
        self._proposing.set()
        self._waker.wake()

    def run(self) -> None:
        """Connect and serve until told to stop. Raises FatalError: the server refuses this terminal."""
        pauses = _pauses()
        while not self._stopping.is_set():
            connection = None
            try:
                connection = self._connect()
                self._serve(connection)
            except FAILURES as failure:
                if is_fatal(failure):
                    raise FatalError(Exit.REFUSED, f"{self.where}: {reason(failure)}") from failure
                if connection and connection.worked(failure):
                    pauses = _pauses()
                self._lost(connection, reason(failure) + self._advice(connection, failure))
                self._stopping.wait(next(pauses))
            finally:
                if connection:
                    connection.stream.close()

    def _advice(self, connection: "_Connection | None", failure: Exception) -> str:
        if connection is None or connection.limits is not None:
            return ""
        if self._settings.tls is None and isinstance(failure, ConnectionError):
            return " before it said welcome; if it uses TLS, start the terminal with --tls or --ca FILE"
        if self._settings.certified and isinstance(failure, (ConnectionError, ssl.SSLError)):
            return " before it said welcome; does it know the authority of --cert?"
        return ""

    def _connect(self) -> "_Connection":
        settings = self._settings
        stream = Stream(connect(settings.host, settings.port, settings.tls, settings.pins), self._waker)
        stream.send(encode(settings.hello))
        idle = None if settings.idle_after is None else IdleRate(settings.idle_after)
        exchange = Exchange(time.monotonic(), settings.timeouts)
        return _Connection(stream=stream, protocol=ClientConnection(), exchange=exchange, idle=idle)

    def _serve(self, connection: "_Connection") -> None:
        """Ends when told to stop, or by raising one of FAILURES."""
        while not self._stopping.is_set():
            received = connection.stream.exchange(connection.look_seconds(time.monotonic()))
            now = time.monotonic()
            if received:
                connection.exchange.heard(now)
                connection.protocol.feed(received)
                for message in connection.protocol.events():
                    self._handle(connection, message, now)
            self._send_due(connection)
            if why := connection.exchange.dead(now):
                raise ConnectionError(why)

    def _send_due(self, connection: "_Connection") -> None:
        exchange, wanted = connection.exchange, time.monotonic() >= connection.next_at
        if connection.limits and exchange.may_send and wanted and (frame := self._frames.take()):
            if connection.idle is None or connection.idle.due(frame):
                self._send_frame(connection, connection.limits, frame)
            else:
                self.settled = frame.number
        if connection.limits and self._proposing.is_set():
            self._proposing.clear()
            self._propose(connection)
        now = time.monotonic()
        if exchange.ping_due(now):
            age = self._pulse.age(now)
            ping = Ping(exchange.ping_sent(now), time.time(), round(age, 1))
            connection.stream.send(encode(ping))

    def _propose(self, connection: "_Connection") -> None:
        """Say so, or that it cannot be said."""
        answer = self.status.answer
        if Propose.type not in connection.features:
            self._proposed(None)
        elif answer is None:
            self._proposed(ProposalOutcome.NO_UNKNOWN_FACE)
        else:
            connection.stream.send(encode(Propose(answer.sent.number)))

    def _send_frame(self, connection: "_Connection", limits: Limits, frame: CapturedFrame) -> None:
        picture = encode_within(frame.image, self._settings.width, self._settings.quality, limits)
        sent = SentFrame(frame.number, frame.captured, picture, time.monotonic())
        connection.stream.send(encode(Frame(frame.number, picture.jpeg)))
        connection.exchange.frame_sent(sent)
        self.status = replace(self.status, waiting_since=sent.sent)

    def _handle(self, connection: "_Connection", message: FromServer, now: float) -> None:
        if isinstance(message, Result):
            self._answered(connection, message, now)
        elif isinstance(message, ErrorMessage):
            self._refused(connection, message)
        elif isinstance(message, Welcome):
            connection.exchange.welcomed()
            connection.limits, connection.features = message.limits, message.features
            self._proposing.clear()
            self._tell(LinkStatus(LinkState.CONNECTED, note=message.note))
        elif isinstance(message, Proposed):
            self._proposed(message.outcome)
        else:
            connection.exchange.ponged(message.id)

    def _proposed(self, outcome: ProposalOutcome | None) -> None:
        self.status = replace(self.status, proposal=ProposalTold(outcome, time.monotonic()))

    def _answered(self, connection: "_Connection", result: Result, now: float) -> None:
        answer = Answer(result, connection.exchange.answered(result.seq), now)
        connection.answered = True
        connection.next_at = now + (result.next_ms or 0.0) / 1000
        connection.looked_at(answer.sent, nobody=result.verdict is Verdict.NONE and not result.faces)
        self.status = self.status.answered(answer)
        self._listener.on_answer(answer)
        self.settled = result.seq

    def _refused(self, connection: "_Connection", error: ErrorMessage) -> None:
        self._listener.on_error(error)
        if error.code.closes:
            raise RefusedError(error)
        in_flight = connection.exchange.in_flight
        if in_flight and error.seq in (None, in_flight.number):
            connection.exchange.answered(in_flight.number)
            connection.looked_at(in_flight, nobody=False)
            self.status = replace(self.status, waiting_since=None)
            self.settled = in_flight.number

    def _lost(self, connection: "_Connection | None", why: str) -> None:
        """Tell once that the connection is gone, and again only when the reason changes."""
        if connection and connection.exchange.in_flight:
            self.settled = connection.exchange.in_flight.number
        if self.status.state is LinkState.CONNECTED:
            self._tell(LinkStatus(LinkState.LOST, why, note=self.status.note))
        retrying = LinkStatus(LinkState.RETRYING, why, note=self.status.note)
        if (self.status.state, self.status.reason) != (retrying.state, why):
            self._tell(retrying)

    def _tell(self, status: LinkStatus) -> None:
        self.status = status
        self._listener.on_link(status)


@dataclass(eq=False)
class _Connection:
    """One connection, from its hello to its end. `next_at`: before it (`time.monotonic()` seconds) the server
    wants no further frame."""

    stream: Stream
    protocol: ClientConnection
    exchange: Exchange
    idle: IdleRate | None
    limits: Limits | None = None
    features: tuple[str, ...] = ()
    answered: bool = False
    next_at: float = 0.0

    def look_seconds(self, now: float) -> float:
        """How long to wait for bytes before anything else may be due."""
        return min(LOOK_SECONDS, self.next_at - now) if self.next_at > now else LOOK_SECONDS

    def looked_at(self, frame: SentFrame, nobody: bool) -> None:
        """The server has answered `frame`; `nobody` as `IdleRate.answered` takes it."""
        if self.idle:
            self.idle.answered(frame.captured, nobody)

    def worked(self, failure: Exception) -> bool:
        """Whether to retry quickly after it: it was welcomed, and not turned away before the first answer."""
        return self.answered or (self.limits is not None and not isinstance(failure, RefusedError))


def _pauses() -> Iterator[float]:
    return delays(random.Random())  # noqa: S311 - spreads retries, guards nothing
