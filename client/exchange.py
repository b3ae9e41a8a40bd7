"""What is outstanding on one connection and what is due next. Pure: the clock is passed in."""

from dataclasses import dataclass

from client.frames import CapturedFrame
from wire import ErrorCode, ProtocolError

PING_SECONDS = 5.0
SILENCE_SECONDS = 10.0
"""No bytes for this long while something is outstanding: the connection is dead."""
ANSWER_SECONDS = 30.0
"""A server that answers pings but not a frame has lost it: only a new connection helps."""


@dataclass(frozen=True, eq=False)
class SentFrame:
    """A frame in flight, `width` x `height` pixels as sent; `sent` is `time.monotonic()` seconds."""

    frame: CapturedFrame
    width: int
    height: int
    sent: float


class Exchange:
    """Bookkeeping of one connection: at most one frame and one ping are in flight."""

    def __init__(self, now: float) -> None:
        """A hello has just been sent."""
        self.in_flight: SentFrame | None = None
        self._hello: float | None = now
        self._ping: float | None = None
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
        if sent is None or sent.frame.number != seq:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, f"an answer to frame {seq}, which is not in flight")
        self.in_flight = None
        return sent

    def ping_sent(self, now: float) -> int:
        """The id for a ping that is sent now."""
        self._ping = self._said = now
        self._ping_id += 1
        return self._ping_id

    def ponged(self, ping_id: int) -> None:
        if ping_id == self._ping_id:
            self._ping = None

    def ping_due(self, now: float) -> bool:
        return self._hello is None and self._ping is None and now - self._said >= PING_SECONDS

    def dead(self, now: float) -> str | None:
        """Why the connection is of no use any more; None while it is."""
        sent = self.in_flight.sent if self.in_flight else None
        waiting = [since for since in (self._hello, self._ping, sent) if since is not None]
        if waiting and now - max(self._heard, min(waiting)) >= SILENCE_SECONDS:
            return f"the server has been silent for {SILENCE_SECONDS:.0f} s"
        if sent is not None and now - sent >= ANSWER_SECONDS:
            return f"the server has not answered a frame for {ANSWER_SECONDS:.0f} s"
        return None
