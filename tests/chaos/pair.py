"""The server's session and door and the client's link, on one clock, with every byte between them in our
hands.

Nothing here is a thread or a socket: what happens between two calls is what the caller makes happen.
"""

import asyncio
import random
import threading
import time
from dataclasses import dataclass, field
from unittest import mock

import numpy as np

from client.camera.frames import CapturedFrame
from client.connection import link as link_module
from client.connection.link import Link, LinkSettings
from client.connection.reconnect import FAILURES, delays, is_fatal, reason
from client.connection.status import Answer, LinkState, LinkStatus
from client.screen.screen import GRANT_SECONDS, screen_at
from server.access.seen import Analysis, Hints
from server.terminals.connections import Connections
from server.tokens.accepted import AcceptedTokens
from tests.chaos.light_server import SHADES, shade_of
from tests.chaos.terminals import LATE_SECONDS
from tests.support.service import ADA, NOBODY, STRANGER, FakeAnalyser, FakeAudit, Noticed, Running
from wire import ErrorMessage, Hello, Limits, Verdict
from wire.words import Banner

TURNS = 60
"""Of the event loop: enough for all that can be done now to be done."""
TICK = 0.1
LIMITS = Limits(20_000, 1_000_000)


class Sees(FakeAnalyser):
    """People by how bright the picture is."""

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        return (ADA, STRANGER, NOBODY)[shade_of(jpeg)]


class Wire:
    """One connection: what either end has sent and the other has not got yet. For the server a transport, for
    the client a stream."""

    peer = "10.0.0.7:40000"
    certificate = None

    def __init__(self) -> None:
        self.up, self.down = bytearray(), bytearray()
        self.cut_for_server = self.cut_for_client = False
        self._for_server: asyncio.Queue[bytes] = asyncio.Queue()
        self._for_client = bytearray()

    def carry(self, up: int, down: int) -> None:
        """So many bytes come through in each direction."""
        if (sent := bytes(self.up[:up])) and not self.cut_for_server:
            self._for_server.put_nowait(sent)
        self._for_client += self.down[:down]
        del self.up[:up], self.down[:down]

    def cut(self, server: bool, client: bool) -> None:
        """As whom it is reset for."""
        if server and not self.cut_for_server:
            self.abort()
        self.cut_for_client = self.cut_for_client or client

    # the server's transport
    async def open(self) -> None: ...

    async def read(self) -> bytes:
        return b"" if self.cut_for_server else await self._for_server.get()

    async def write(self, data: bytes) -> None:
        if self.cut_for_server:
            raise ConnectionResetError
        self.down += data

    def end_writing(self) -> None: ...

    def abort(self) -> None:
        self.cut_for_server = True
        self._for_server.put_nowait(b"")

    # the client's stream
    def send(self, data: bytes) -> None:
        self.up += data

    def exchange(self, timeout: float) -> bytes:
        received = bytes(self._for_client)
        self._for_client.clear()
        if self.cut_for_client and not received:
            raise ConnectionResetError("reset")
        return received

    def close(self) -> None:
        self.cut(server=True, client=True)


class _Once(threading.Event):
    """Lets a loop that runs until it is set go round once."""

    turns = 0

    def is_set(self) -> bool:
        self.turns += 1
        return self.turns % 2 == 0


@dataclass
class Camera:
    """`shows`: whom, as an index of `SHADES`; `seen`: since when whom."""

    shows: int = 2
    seen: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 2)])

    def turn_to(self, whom: int, now: float) -> None:
        self.shows = whom
        self.seen.append((now, whom))

    def saw(self, whom: int, since: float, until: float) -> bool:
        ends = [at for at, _ in self.seen[1:]] + [float("inf")]
        return any(
            each == whom and began <= until and end > since
            for (began, each), end in zip(self.seen, ends, strict=True)
        )


class Pair:
    """`faults`: what must never be."""

    def __init__(self, seed: int) -> None:
        self.now = 1000.0
        self.faults: list[str] = []
        self.camera = Camera()
        self.audit = FakeAudit()
        self.answered = -1.0
        self.granted = 0
        self._patch = mock.patch.object(time, "monotonic", self._clock)
        self._patch.start()
        self._loop = asyncio.new_event_loop()
        self._wires: list[Wire] = []
        self._site: Running | None = None
        self._pauses = delays(random.Random(seed))
        self._retry_at = 0.0
        self._frames = 0
        settings = LinkSettings(
            host="door",
            port=1,
            hello=Hello("door"),
            tls=None,
            width=64,
            quality=85,
            idle_after=None,
        )
        self.link = Link(settings, self, _Once())
        self._connection: link_module._Connection | None = None
        self.start_server()

    def _clock(self) -> float:
        return self.now

    def close(self) -> None:
        self.kill_server(restart=False)
        self._loop.close()
        self._patch.stop()

    # the server

    def start_server(self) -> None:
        self._loop.run_until_complete(self._start())

    async def _start(self) -> None:
        self._site = site = Running(Sees())
        site.service._writer._audit = self.audit  # the disk outlives it
        self._connections = Connections(
            limits=LIMITS,
            tokens=lambda: AcceptedTokens.of({}, {}),
            max_terminals=128,
            refuse_second=False,
            notice=Noticed(),
            tls=None,
            note=lambda terminal: None,
            on_join=site.service.join,
            on_frame=site.service.offer,
            on_propose=site.service.propose,
            on_leave=site.service.leave,
        )

    def kill_server(self, restart: bool = True) -> None:
        """As `kill -9`: what it was about to do is not done, and all connections are reset."""
        self._loop.run_until_complete(_cancel_all())
        for wire in self._wires:
            wire.cut(server=True, client=True)
        if restart:
            self.start_server()

    def settle(self) -> None:
        """The server does what it can do now."""
        self._loop.run_until_complete(_turns())

    # the client

    def turn(self) -> None:
        """The client's loop goes round once."""
        connection = self._connection
        try:
            if connection is None:
                if self.now < self._retry_at:
                    return
                connection = self._connection = self._connect()
            self.link._serve(connection)
        except FAILURES as failure:
            if is_fatal(failure):
                self.faults.append(f"refused for ever: {reason(failure)}")
            if connection is not None and connection.worked(failure):
                self._pauses = delays(random.Random(1))
            self.link._lost(connection, reason(failure))
            if connection is not None:
                connection.stream.close()
            self._connection, self._retry_at = None, self.now + next(self._pauses)

    def _connect(self) -> "link_module._Connection":
        wire = Wire()
        self._wires.append(wire)
        self._loop.run_until_complete(self._accept(wire))
        with (
            mock.patch.object(link_module, "connect"),
            mock.patch.object(link_module, "Stream", return_value=wire),
        ):
            return self.link._connect()

    async def _accept(self, wire: Wire) -> None:
        self._connections.serve(wire, "10.0.0.7")

    def capture(self) -> None:
        self._frames += 1
        picture = np.full((48, 64, 3), SHADES[self.camera.shows], np.uint8)
        self.link.offer(CapturedFrame(self._frames, picture, self.now))

    # time, and bytes

    def pass_time(self, seconds: float, carry: bool = True, capture: bool = True) -> None:
        """`carry`: whether bytes come through meanwhile, `capture`: whether pictures come."""
        for _ in range(max(1, round(seconds / TICK))):
            self.now += TICK
            if capture:
                self.capture()
            self.turn()
            if carry:
                self.carry_all()
            self.settle()
            if carry:
                self.carry_all()
            self.turn()
            self.look()

    def carry_all(self) -> None:
        for wire in self._wires:
            wire.carry(len(wire.up), len(wire.down))
        self._wires = [wire for wire in self._wires if not (wire.cut_for_server and wire.cut_for_client)]

    def newest(self) -> Wire | None:
        return self._wires[-1] if self._wires else None

    # what must be

    def look(self) -> None:
        """Whether the screen may show what it shows."""
        screen = screen_at(self.now, self.link.status, None, False, LATE_SECONDS)
        if screen.banner is Banner.GRANTED and not self.camera.saw(0, self.now - GRANT_SECONDS, self.now):
            self.faults.append(f"{self.now:.1f}: a stale grant is shown")
        if screen.banner is Banner.GRANTED and not any(line[0] == "granted" for line in self.audit.lines):
            self.faults.append(f"{self.now:.1f}: a grant is shown, and none is written")

    @property
    def live(self) -> bool:
        return self.link.status.state is LinkState.CONNECTED

    def on_answer(self, answer: Answer) -> None:
        self.answered = self.now
        decision = answer.result.decision
        if decision is None:
            return
        lines = {entry.decision.id: entry.decision.verdict for entry in self.audit.entries}
        unwritten = decision.reason == "log_unavailable"
        if lines.get(decision.id) is not decision.verdict and not unwritten:
            self.faults.append(f"told {decision}, written {lines.get(decision.id)}")
        if decision.verdict is Verdict.GRANTED:
            self.granted += 1
            if not self.camera.saw(0, answer.captured - TICK, answer.captured):
                self.faults.append(f"granted by a frame of {answer.captured:.1f} that shows somebody else")

    def on_error(self, error: ErrorMessage) -> None: ...

    def on_link(self, status: LinkStatus) -> None: ...


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
