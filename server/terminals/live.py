"""What each terminal shows and how it fares, now: for whoever watches the doors.

Told by the frame service in the event loop, by calls that keep references and wake viewers: nothing is
copied, encoded or waited for. A viewer gets the newest picture whenever it asks, and misses what came in
between.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from server.access.camera import Camera, CameraState
from server.access.decision import Decision
from server.access.seen import Analysis
from server.events import Events, TerminalHealth
from server.terminals.frame_tally import FrameTally
from server.terminals.pace import Pace, Rates
from server.terminals.peer import Peer, PendingFrame
from wire import Result

log = logging.getLogger(__name__)

GONE_SECONDS = 600.0
"""How long a terminal that has left still shows."""
MOST_GONE = 64
"""So many of them at most: the oldest make way."""
NO_PICTURE_SECONDS = 5.0
"""So old a picture is none any more: cameras that are read slowly give one a second."""
LOOK_SECONDS = 2.0
CHANGES = {
    CameraState.NO_PICTURE: "the camera gives no picture",
    CameraState.DARK: "the picture is too dark to see a face",
    CameraState.COVERED: "the camera is covered",
    CameraState.FROZEN: "the picture is frozen: the very same one comes again and again",
    CameraState.MOVED: "the camera has been moved: it shows another place than before",
    CameraState.OK: "the camera is all right again",
}


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """The newest answered frame of a session. `number` grows from one answered frame of any terminal to the
    next. `jpeg`: as it came."""

    number: int
    terminal: str
    session: str
    jpeg: bytes
    result: Result


@dataclass(frozen=True)
class Health:
    """How a terminal fares. `connected`, `left`, `decided`, `camera_since`: by the wall clock; `left` is None
    while it is there. `decision`: the last one. `clock_skew`: how many seconds its clock is ahead of the
    server's, None where it does not tell."""

    terminal: str
    session: str
    address: str
    connected: datetime
    left: datetime | None
    rates: Rates
    decided: datetime | None
    decision: Decision | None
    camera: CameraState
    camera_since: datetime
    clock_skew: float | None


class _Session:
    """What is known of one session of a terminal."""

    def __init__(self, peer: Peer, camera: Camera, now: float) -> None:
        self.peer = peer
        self.camera = camera
        self.connected = self.told_at = datetime.now()
        self.told = CameraState.OK
        self.pace = Pace(now)
        self.newest: LiveFrame | None = None
        self.decision: tuple[datetime, Decision] | None = None
        self.left: datetime | None = None
        self.gone_at = 0.0


class LiveBoard:
    """Owned by the event loop."""

    def __init__(self, events: Events, min_face: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`min_face`: that of the hints (`camera.Camera`). `clock`: monotonic seconds."""
        self._events = events
        self._min_face = min_face
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._viewers: dict[Viewer, None] = {}
        self._number = 0
        self.tally = FrameTally()

    def join(self, peer: Peer) -> None:
        """A terminal has been welcomed. Its camera is still the one that it had before, if that is known."""
        self._forget()
        before = [each for each in self._gone() if each.peer.terminal == peer.terminal]
        for session in before:
            del self._sessions[session.peer.id]
        camera = before[-1].camera if before else Camera(self._min_face)
        session = self._sessions[peer.id] = _Session(peer, camera, self._clock())
        if before:
            session.told, session.told_at = before[-1].told, before[-1].told_at

    def skipped(self, peer: Peer) -> None:
        """One of its frames has made way for a newer one."""
        self._sessions[peer.id].pace.skipped(self._clock())
        self.tally.skipped += 1

    def answered(
        self, peer: Peer, frame: PendingFrame, analysis: Analysis, result: Result, decision: Decision | None
    ) -> None:
        """A frame has been answered. `decision`: the settled one that came with it."""
        session, now = self._sessions[peer.id], self._clock()
        session.pace.answered(result.timing, now)
        self.tally.take(now - frame.received)
        self.decided(peer, decision)
        self._number += 1
        session.newest = LiveFrame(self._number, peer.terminal, peer.id, frame.jpeg, result)
        session.camera.see(frame.jpeg, analysis, frame.received)
        self._look(session)
        for viewer in self._viewers:
            viewer.wake(peer.terminal)

    async def watch_cameras(self) -> None:
        """For ever: one that gives no picture has no frame to be seen by."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Once."""
        for session in self._sessions.values():
            if session.left is None:
                self._look(session)

    def decided(self, peer: Peer, decision: Decision | None) -> None:
        """A decision is settled; None: there was none."""
        if decision is not None:
            self._sessions[peer.id].decision = datetime.now(), decision

    def leave(self, peer: Peer) -> None:
        """The terminal is gone. Its picture is kept no longer."""
        session = self._sessions[peer.id]
        session.newest, session.left, session.gone_at = None, datetime.now(), self._clock()
        self._forget()

    def watch(self, terminals: Collection[str] | None = None) -> "Viewer":
        """Somebody who watches these terminals; None: all. To be used in a `with` statement, or closed."""
        viewer = Viewer(self, None if terminals is None else frozenset(terminals))
        self._viewers[viewer] = None
        return viewer

    @property
    def viewers(self) -> int:
        """How many are watching."""
        return len(self._viewers)

    def part(self, viewer: "Viewer") -> None:
        """The viewer watches no more."""
        self._viewers.pop(viewer, None)

    def newest(self) -> list[LiveFrame]:
        """The newest frame of each terminal that is there and has had one answered, the latest last."""
        frames = [each.newest for each in self._sessions.values() if each.newest is not None]
        return sorted(frames, key=lambda frame: frame.number)

    def newest_of(self, session: str) -> LiveFrame | None:
        """None: it has gone, or has had no frame answered."""
        found = self._sessions.get(session)
        return None if found is None else found.newest

    def health(self) -> list[Health]:
        """All that are there, and those that have left a short time ago, in the order of their names."""
        self._forget()
        now = self._clock()
        found = [_health(each, now) for each in self._sessions.values()]
        return sorted(found, key=lambda health: (health.terminal, health.connected))

    def _gone(self) -> list[_Session]:
        """Those that have left, the oldest first."""
        gone = [each for each in self._sessions.values() if each.left is not None]
        return sorted(gone, key=lambda each: each.gone_at)

    def _forget(self) -> None:
        gone, now = self._gone(), self._clock()
        for at, session in enumerate(gone):
            if now - session.gone_at > GONE_SECONDS or len(gone) - at > MOST_GONE:
                del self._sessions[session.peer.id]

    def _look(self, session: _Session) -> None:
        """Tell of its camera what has changed."""
        peer, age, state = session.peer, session.peer.picture_age, session.camera.state
        if age is not None and age > NO_PICTURE_SECONDS:
            state = CameraState.NO_PICTURE
        if state is session.told:
            return
        session.told, session.told_at = state, datetime.now()
        level = logging.INFO if state is CameraState.OK else logging.WARNING
        log.log(level, "%s: %s", peer.name, CHANGES[state])
        self._events.publish(TerminalHealth(peer.terminal, peer.id, datetime.now(), state, peer.clock_skew))


class Viewer:
    """One who watches some terminals, as fast as it likes."""

    def __init__(self, board: LiveBoard, terminals: frozenset[str] | None) -> None:
        self._board = board
        self._terminals = terminals
        self._had: dict[str, int] = {}
        self._something = asyncio.Event()
        self._something.set()

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        self._board.part(self)

    def wants(self, terminal: str) -> bool:
        return self._terminals is None or terminal in self._terminals

    def wake(self, terminal: str) -> None:
        """A frame of this terminal has been answered."""
        if self.wants(terminal):
            self._something.set()

    async def newer(self) -> list[LiveFrame]:
        """The newest frame of each terminal that is newer than what was had of it before, the latest last;
        waits until there is one."""
        while True:
            await self._something.wait()
            self._something.clear()
            newest = [frame for frame in self._board.newest() if self.wants(frame.terminal)]
            found = [frame for frame in newest if frame.number > self._had.get(frame.session, 0)]
            if found:
                self._had = {frame.session: frame.number for frame in newest}
                return found

    def renewed(self, frame: LiveFrame) -> LiveFrame:
        """What its terminal shows by now, which is then had."""
        newest = self._board.newest_of(frame.session) or frame
        self._had[newest.session] = newest.number
        return newest


def _health(session: _Session, now: float) -> Health:
    decided, decision = session.decision or (None, None)
    return Health(
        terminal=session.peer.terminal,
        session=session.peer.id,
        address=session.peer.address,
        connected=session.connected,
        left=session.left,
        rates=session.pace.rates(now),
        decided=decided,
        decision=decision,
        camera=session.told,
        camera_since=session.told_at,
        clock_skew=session.peer.clock_skew,
    )
