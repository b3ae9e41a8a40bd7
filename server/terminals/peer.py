"""A welcomed terminal, as those see it who serve its frames: nothing of sockets."""

from dataclasses import dataclass
from typing import Protocol

from wire import ErrorMessage, Message


@dataclass(frozen=True)
class PendingFrame:
    """A frame waiting for a worker; `received` in monotonic seconds."""

    seq: int
    jpeg: bytes
    received: float


class Peer(Protocol):
    """Who it is, and how to answer it."""

    def __hash__(self) -> int: ...

    @property
    def id(self) -> str:
        """Of this session."""

    @property
    def terminal(self) -> str:
        """The terminal's name."""

    @property
    def name(self) -> str:
        """For the console."""

    @property
    def address(self) -> str:
        """Where it is connected from."""

    @property
    def clock_skew(self) -> float | None:
        """How many seconds its clock is ahead of the server's, behind where negative; None where it does not
        tell."""

    @property
    def picture_age(self) -> float | None:
        """How old the newest picture of its camera was, in seconds, when it said so last and has sent none
        since; None where it does not tell."""

    @property
    def open(self) -> bool:
        """Whether it can still be told anything."""

    def send(self, message: Message) -> None:
        """Queue an answer; never waits."""

    async def end(self, error: ErrorMessage | None = None) -> None:
        """Say why, and part."""
