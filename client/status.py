"""What the link's thread tells the others: frozen values, replaced as a whole."""

from dataclasses import dataclass
from enum import Enum

from client.exchange import SentFrame
from wire import Result


class LinkState(str, Enum):
    """Whether the terminal can reach its server."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    RETRYING = "retrying"


@dataclass(frozen=True, eq=False)
class Answer:
    """A result with the frame it answers; `received` is `time.monotonic()` seconds."""

    result: Result
    sent: SentFrame
    received: float

    @property
    def captured(self) -> float:
        """When the evidence was seen."""
        return self.sent.frame.captured

    @property
    def latency_ms(self) -> float:
        """From capturing the frame to its answer: what a visitor waits."""
        return (self.received - self.captured) * 1000


@dataclass(frozen=True, eq=False)
class LinkStatus:
    """`waiting_since`: when the oldest unanswered frame was sent. `answer`: the newest of this connection."""

    state: LinkState = LinkState.CONNECTING
    reason: str = ""
    waiting_since: float | None = None
    answer: Answer | None = None


def is_late(status: LinkStatus, now: float, late_seconds: float) -> bool:
    """Whether the server cannot be relied on at the moment: no connection, or an answer is overdue."""
    if status.state is not LinkState.CONNECTED:
        return True
    return status.waiting_since is not None and now - status.waiting_since > late_seconds
