"""A terminal's place at the server: its door, and the frames that it has lately sent."""

import asyncio
from collections import deque
from dataclasses import dataclass

from server.access.door import Door
from server.access.rules import Rules
from server.terminals.peer import PendingFrame
from server.terminals.share import WorkShare
from wire import Box

REMEMBERED_FRAMES = 256
"""A visitor is decided about within seconds of leaving."""
SHOWN_FRAMES = 4
"""With their pictures: what the terminal says of the newest comes when the next may be answered."""


@dataclass(frozen=True, eq=False)
class Shown:
    """An answered frame, and where unknown faces are in it."""

    seq: int
    jpeg: bytes
    unknown: tuple[Box, ...]


class Place:
    """`work`: what is done for the terminal now. `rules`: the settings', by which its door decides.
    `visited`: whether somebody was in the last frame. `share`: what it takes of the workers."""

    def __init__(self, door: Door, rules: Rules, now: float) -> None:
        """`now`: monotonic seconds."""
        self.door = door
        self.rules = rules
        self.visited = False
        self.share = WorkShare(now)
        self.work: asyncio.Task[None] | None = None
        self._sent: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_FRAMES)
        self._shown: deque[Shown] = deque(maxlen=SHOWN_FRAMES)

    def remember(self, frame: PendingFrame) -> None:
        """It has been looked at, and is about to be decided upon."""
        self._sent.append((frame.received, frame.seq))

    def seq_of(self, received: float | None) -> int | None:
        """The frame received at that time; None for none, and when it is not known any more."""
        return None if received is None else next((seq for at, seq in self._sent if at == received), None)

    def show(self, frame: PendingFrame, unknown: tuple[Box, ...]) -> None:
        """It has been answered."""
        self._shown.append(Shown(frame.seq, frame.jpeg, unknown))

    def shown(self, seq: int) -> Shown | None:
        """The answered frame of this seq; None when it is not among the newest any more."""
        return next((each for each in self._shown if each.seq == seq), None)
