"""The frame service with its workers, its disk and its terminals replaced."""

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB
from server.access.naming import Naming, by_name
from server.access.orders import EMPTY as ROSTER
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Hints, PhotoOutcome
from server.audit.access_log import AccessEntry
from server.audit.security_log import Detail, SecurityKind
from server.events import Event, Events
from server.terminals.decision_writer import DecisionWriter
from server.terminals.frames import FrameService
from server.terminals.live import LiveBoard
from server.terminals.peer import PendingFrame
from server.terminals.proposals import Proposals
from tests.support.rules import rules
from wire import Box, ErrorMessage, Message, Result, Verdict

ADA_FACE = np.eye(128, dtype=np.float32)[0]
STRANGER_FACE = np.eye(128, dtype=np.float32)[1]
GALLERY = Gallery.build(DLIB, 1, [("Ada", ADA_FACE[None])])
HINTS = Hints(min_face=48, max_faces=4, max_pixels=10**6)


def showing(*embeddings: "np.typing.NDArray[np.float32]") -> Analysis:
    """A frame with these faces side by side."""
    faces = [
        Face(Box(0, 100 + left, 100, left), row)
        for left, row in zip(range(0, 600, 150), embeddings, strict=False)
    ]
    return Analysis(640, 480, tuple(faces))


ADA, STRANGER, NOBODY = showing(ADA_FACE), showing(STRANGER_FACE), showing()


class FakeAnalyser:
    """Sees what it is told to see, or fails."""

    def __init__(self, sees: Analysis | Exception = ADA) -> None:
        self.sees = sees
        self.beside = 0
        """How many frames were looked at behind all others."""

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        if isinstance(self.sees, Exception):
            raise self.sees
        return self.sees

    async def analyse_beside(self, jpeg: bytes, hints: Hints) -> Analysis:
        self.beside += 1
        return await self.analyse(jpeg, hints)

    async def analyse_photo(self, data: bytes) -> PhotoOutcome:
        raise NotImplementedError


class FakeAudit:
    """A disk that takes a line at once, after a while, or not at all."""

    def __init__(self) -> None:
        self.entries: list[AccessEntry] = []
        self.full = False
        self.writing = asyncio.Event()
        self.quick = asyncio.Event()
        self.quick.set()

    async def record(self, entry: AccessEntry) -> str:
        self.writing.set()
        await self.quick.wait()
        if self.full:
            raise OSError("disk full")
        self.entries.append(entry)
        return f"{entry.line()} seal={len(self.entries)}"

    @property
    def lines(self) -> list[tuple[str, str | None, str]]:
        """Verdict, name and reason of each."""
        decisions = [entry.decision for entry in self.entries]
        return [(each.verdict.value, each.name, each.reason.value) for each in decisions]


class FakePeer:
    """A terminal, and what it was told."""

    def __init__(self, terminal: str = "door") -> None:
        self.id = self.terminal = self.name = terminal
        self.address = "10.0.0.7:40000"
        self.clock_skew: float | None = None
        self.picture_age: float | None = None
        self.open = True
        self.told: list[Message] = []
        self.answers: asyncio.Queue[Message] = asyncio.Queue()
        self._seq = 0
        self._since = time.monotonic()

    def send(self, message: Message) -> None:
        self.told.append(message)
        self.answers.put_nowait(message)

    async def end(self, error: ErrorMessage | None = None) -> None:
        if error:
            self.send(error)
        self.open = False

    def frame(self) -> PendingFrame:
        """The next one, 0.2 s after the one before."""
        self._seq += 1
        return PendingFrame(self._seq, b"", self._since + self._seq * 0.2)

    @property
    def verdicts(self) -> list[Verdict]:
        return [message.verdict for message in self.told if isinstance(message, Result)]


class Noticed:
    """Remembers the security events that it was told: kind, terminal, source and details of each."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str | None, str | None, dict[str, Detail]]] = []

    def __call__(
        self,
        kind: SecurityKind,
        /,
        *,
        terminal: str | None = None,
        source: str | None = None,
        **details: Detail,
    ) -> None:
        self.events.append((kind.value, terminal, source, details))


class Heard:
    """A sink that remembers what it was told."""

    name = "test"

    def __init__(self, *wants: type) -> None:
        self.wants = wants
        self.events: list[Event] = []

    def take(self, event: Event) -> None:
        self.events.append(event)

    def missed(self, events: int) -> None:
        raise AssertionError("nothing is dropped here")

    def close(self) -> None: ...


class Running:
    """A frame service at work inside a running event loop."""

    def __init__(
        self,
        analyser: FakeAnalyser | None = None,
        workers: int = 1,
        sinks: Sequence[Heard] = (),
        door_rules: Rules | None = None,
        naming: Naming = by_name,
    ) -> None:
        self.analyser = analyser or FakeAnalyser()
        self.audit = FakeAudit()
        self.events = Events(sinks)
        self.lockouts = Lockouts()
        self.rules = door_rules or rules()
        self.board = LiveBoard(self.events, HINTS.min_face)
        self.proposals = Proposals(self.events)
        self.service = FrameService(
            analyser=self.analyser,
            workers=workers,
            writer=DecisionWriter(self.audit, self.events, naming),
            events=self.events,
            gallery=lambda: GALLERY,
            roster=lambda: ROSTER,
            rules=lambda: self.rules,
            open_door=lambda terminal, by: Door(
                by,
                new_id=iter(map(str, range(1000))).__next__,
                terminal=terminal,
                lockouts=self.lockouts,
            ),
            hints=HINTS,
            board=self.board,
            proposals=self.proposals,
        )
        self._serving = asyncio.ensure_future(self.service.serve())

    def joined(self, terminal: str = "door") -> FakePeer:
        peer = FakePeer(terminal)
        self.service.join(peer)
        return peer

    def offer(self, peer: FakePeer) -> None:
        self.service.offer(peer, peer.frame())

    async def show(
        self, peer: FakePeer, frames: int = 1, before: Callable[[int], None] = lambda _: None
    ) -> None:
        """Frames, each offered when the one before has been answered."""
        for number in range(frames):
            before(number)
            self.offer(peer)
            await peer.answers.get()

    async def end(self) -> None:
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        self.events.close()
