"""What the link's thread tells the others: frozen values, replaced as a whole."""

from dataclasses import dataclass, field, replace
from enum import Enum

from client.connection.exchange import SentFrame
from client.connection.memory import Memory
from wire import ProposalOutcome, Result


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
        return self.sent.captured

    @property
    def latency_ms(self) -> float:
        """From capturing the frame to its answer: what a visitor waits."""
        return (self.received - self.captured) * 1000


@dataclass(frozen=True)
class ProposalTold:
    """What became of the last face that was proposed for enrolment, `told` at that time (`time.monotonic()`
    seconds). `outcome`: None where the server does not take proposals, or says what we do not know."""

    outcome: ProposalOutcome | None
    told: float


@dataclass(frozen=True, eq=False)
class LinkStatus:
    """`waiting_since`: when the oldest unanswered frame was sent. `answer`: the newest of this connection.
    `memory`: what the answers of this connection, this one included, leave behind. `note`: what the newest
    welcome, of this connection or an earlier one, tells a visitor who cannot be served. `proposal`: the last
    answer to one on this connection."""

    state: LinkState = LinkState.CONNECTING
    reason: str = ""
    waiting_since: float | None = None
    answer: Answer | None = None
    memory: Memory = field(default_factory=Memory)
    note: str | None = None
    proposal: ProposalTold | None = None

    def answered(self, answer: Answer) -> "LinkStatus":
        """The status once the frame in flight is answered."""
        memory = self.memory.after(answer.result, answer.received)
        return replace(self, waiting_since=None, answer=answer, memory=memory)


def is_late(status: LinkStatus, now: float, late_seconds: float) -> bool:
    """Whether the server cannot be relied on at the moment: no connection, or an answer is overdue."""
    if status.state is not LinkState.CONNECTED:
        return True
    return status.waiting_since is not None and now - status.waiting_since > late_seconds
