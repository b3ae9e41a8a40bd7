"""What is outstanding on one connection and what is due next. Pure: the clock is passed in."""

import math
from dataclasses import dataclass

from client.connection.jpeg import Encoded
from wire import ErrorCode, ProtocolError


@dataclass(frozen=True)
class Timeouts:
    """Seconds: after `ping` without a message of ours the server is pinged; after `silence` without a byte of
    its own, while something is outstanding, the connection is dead. A server that answers pings but not a
    frame within `answer` has lost it: only a new connection helps. A ping tells our clock, at first and then
    every `clock`."""

    ping: float = 5.0
    clock: float = 60.0
    silence: float = 10.0
    answer: float = 30.0


TIMEOUTS = Timeouts()


@dataclass(frozen=True, eq=False)
class SentFrame:
    """Frame `number` in flight, as it was sent; `captured` and `sent` are `time.monotonic()` seconds."""

    number: int
    captured: float
    picture: Encoded
    sent: float


class Exchange:
    """Bookkeeping of one connection: at most one frame and one ping are in flight."""

    def __init__(self, now: float, timeouts: Timeouts = TIMEOUTS) -> None:
        """A hello has just been sent."""
        self.in_flight: SentFrame | None = None
        self._timeouts = timeouts
        self._hello: float | None = now
        self._ping: float | None = None
        self._clock_told = -math.inf
        self._ping_id = 0
        self._said = now
        self._heard = now

    @property
    def may_send(self) -> bool:
        """Whether the server is ready for a frame."""
        return self._hello is None and self.in_flight is None

    def heard(self, now: float) -> None:
        """Bytes arrived."""
        self._heard = now

    def welcomed(self) -> None:
        self._hello = None

    def frame_sent(self, sent: SentFrame) -> None:
        self.in_flight = sent
        self._said = sent.sent

    def answered(self, seq: int) -> SentFrame:
        """The frame that a result answers. Raises ProtocolError: it is not the one in flight."""
        sent = self.in_flight
        if sent is None or sent.number != seq:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, f"an answer to frame {seq}, which is not in flight")
        self.in_flight = None
        return sent

    def ping_sent(self, now: float) -> int:
        """The id for a ping that is sent now."""
        self._ping = self._said = self._clock_told = now
        self._ping_id += 1
        return self._ping_id

    def ponged(self, ping_id: int) -> None:
        if ping_id == self._ping_id:
            self._ping = None

    def ping_due(self, now: float) -> bool:
        quiet = now - self._said >= self._timeouts.ping
        due = quiet or now - self._clock_told >= self._timeouts.clock
        return self._hello is None and self._ping is None and due

    def dead(self, now: float) -> str | None:
        """Why the connection is of no use any more; None while it is."""
        sent = self.in_flight.sent if self.in_flight else None
        waiting = [since for since in (self._hello, self._ping, sent) if since is not None]
        if waiting and now - max(self._heard, min(waiting)) >= self._timeouts.silence:
            return f"the server has been silent for {self._timeouts.silence:g} s"
        if sent is not None and now - sent >= self._timeouts.answer:
            return f"the server has not answered a frame for {self._timeouts.answer:g} s"
        return None
