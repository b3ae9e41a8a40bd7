"""What has happened, for whoever wants to know: told after the audit, and never waited for.

The door, its log and its terminal are done with a thing before it is an event. Each sink takes its events in
a thread of its own, out of a bounded queue: a sink that is slow, hangs or fails loses events, and nobody else
notices.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeAlias

from server.access.camera import CameraState
from server.access.decision import Decision
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.outcome import VisitSummary
from server.access.rules import Rules
from server.audit.access_log import AccessEntry
from server.audit.operator_log import Act
from server.audit.security_log import Detail, SecurityEvent, SecurityKind
from server.support.complaint import Complaint

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
MAX_WAITING_BYTES = 64 << 20
"""What may wait for one sink. More is dropped."""
EVENT_BYTES = 4096
"""What an event weighs beside a picture, about: a frame with two faces."""
CLOSE_SECONDS = 5.0
"""How long the end of the server waits for the sinks to take what is left."""


@dataclass(frozen=True)
class FrameObserved:
    """A door has seen a frame, and any decision on it is settled. `rules`: the settings', by which it was
    decided."""

    session: str
    terminal: str
    frame: ObservedFrame
    rules: Rules


@dataclass(frozen=True)
class DoorClosed:
    """A terminal has left; nothing of this session follows. `rules`: as of its last frame."""

    session: str
    terminal: str
    closed: ClosedDoor
    rules: Rules


@dataclass(frozen=True)
class Decided:
    """A decision is settled: on disk, or turned into a denial because it could not be written, or not be told
    (reason `undelivered`). `lines`: what the access log says of it, in order: nothing where it could not be
    written; of a grant that could not be told, that it was granted, and then that it was not. `written`:
    these lines as they stand there, with their seals."""

    terminal: str
    decision: Decision
    lines: tuple[AccessEntry, ...]
    written: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisitOver:
    """Somebody has left. `moment`: the wall clock."""

    terminal: str
    moment: datetime
    summary: VisitSummary


@dataclass(frozen=True)
class Enrolled:
    """Who is enrolled has changed. `people`, `photos`: how many are now."""

    people: int
    photos: int


@dataclass(frozen=True)
class TerminalChanged:
    """A terminal has connected or left."""

    terminal: str
    session: str
    connected: bool


@dataclass(frozen=True)
class Acted:
    """What an operator does is a line of the operator log, and is about to take effect."""

    act: Act


@dataclass(frozen=True)
class TerminalHealth:
    """The state of a terminal's camera has changed. `moment`: the wall clock. `clock_skew`: how many seconds
    the terminal's clock is ahead of the server's; None where that is not known."""

    terminal: str
    session: str
    moment: datetime
    camera: CameraState
    clock_skew: float | None


@dataclass(frozen=True)
class FaceProposed:
    """Somebody at a terminal proposes an unknown face for enrolment. `moment`: the wall clock. `proposal`:
    the id of what waits."""

    terminal: str
    moment: datetime
    proposal: str


@dataclass(frozen=True)
class TimePassed:
    """A few seconds have: whoever puts things off can do them."""


Event: TypeAlias = (
    FrameObserved
    | DoorClosed
    | Decided
    | VisitOver
    | Enrolled
    | TerminalChanged
    | TerminalHealth
    | FaceProposed
    | Acted
    | SecurityEvent
    | TimePassed
)


class Sink(Protocol):
    """Takes events, one after the other, in a thread of its own; it may wait, and may fail."""

    @property
    def name(self) -> str:
        """For the console."""

    @property
    def wants(self) -> tuple[type, ...]:
        """The kinds of events that it takes."""

    def take(self, event: Event) -> None:
        """One of the events that it wants, in the order in which they were published."""

    def missed(self, events: int) -> None:
        """So many events after the last one taken were dropped. All that were taken came before them."""

    def close(self) -> None:
        """No more events follow."""


class Events:
    """Hands each event to the sinks that want it. `publish` is for the event loop and never waits."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._queues = [_SinkQueue(sink) for sink in sinks]

    def wanted(self, kind: type) -> bool:
        """Whether any sink takes such events: the others need not be made."""
        return any(kind in queue.wants for queue in self._queues)

    def publish(self, event: Event) -> None:
        for queue in self._queues:
            if type(event) in queue.wants:
                queue.put(event)

    def notice(
        self,
        kind: SecurityKind,
        /,
        *,
        terminal: str | None = None,
        source: str | None = None,
        **details: Detail,
    ) -> None:
        """Publish a security event of this moment. From any thread."""
        self.publish(SecurityEvent(datetime.now().astimezone(), kind, terminal, source, details))

    def lost(self) -> dict[str, int]:
        """Sink -> how many events it has missed."""
        return {queue.name: queue.lost for queue in self._queues}

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Let the sinks take what waits, so long at most for all of them. Not for the event loop."""
        for queue in self._queues:
            queue.end()
        deadline = time.monotonic() + seconds
        for queue in self._queues:
            queue.join(deadline - time.monotonic())


class _SinkQueue:
    """One sink, its thread and what waits for it."""

    def __init__(self, sink: Sink) -> None:
        self.name = sink.name
        self.wants = sink.wants
        self.lost = 0
        self._sink = sink
        self._complaint = Complaint(log)
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Event, int]] = deque()
        self._bytes = 0
        self._gap = 0
        """Events dropped since the last one that waits."""
        self._ended = False
        self._thread = threading.Thread(target=self._work, name=sink.name, daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Once something does not fit, nothing does until all that waits is taken: one gap, not many."""
        weight = _weight(event)
        with self._changed:
            fits = len(self._waiting) < MAX_WAITING and self._bytes + weight <= MAX_WAITING_BYTES
            dropped = self._gap > 0 or not fits
            if dropped:
                self._gap += 1
                self.lost += 1
            else:
                self._waiting.append((event, weight))
                self._bytes += weight
            self._changed.notify()
        if dropped:
            message = "%s does not keep up: some of what happened will be missing there"
            self._complaint.tell(message, self._sink.name)

    def end(self) -> None:
        """Nothing more is put."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def join(self, seconds: float) -> None:
        self._thread.join(max(0.0, seconds))
        if self._thread.is_alive():
            log.error("%s did not end: what waited for it is lost", self._sink.name)

    def _work(self) -> None:
        while (step := self._next()) is not None:
            self._guarded(step)
        self._guarded(self._sink.close)

    def _next(self) -> Callable[[], None] | None:
        """What to do next; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._gap or self._ended)
            if self._waiting:
                event, weight = self._waiting.popleft()
                self._bytes -= weight
                return partial(self._sink.take, event)
            if self._gap:
                missed, self._gap = self._gap, 0
                return partial(self._sink.missed, missed)
            return None

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("%s failed", self._sink.name)


def _weight(event: Event) -> int:
    picture = event.frame.jpeg if isinstance(event, FrameObserved) else None
    return EVENT_BYTES + len(picture or b"")
