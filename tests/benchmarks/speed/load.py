"""Many terminals at once: a process of its own, so that its work is not taken for the server's.

    python -m tests.benchmarks.speed.load --port N --terminals N --fps N --settle S --measure S --clip FILE

FILE holds a `Clip`, pickled; each terminal plays it again and again, every one from another place, and sends
IDLE_FPS while it is idle. A terminal has one frame in flight; a frame that comes due meanwhile is skipped and
counted. Prints BEGIN and END around
the measured time, then the figures as one line of JSON.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pickle
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks.speed.clips import Clip
from tests.benchmarks.speed.plan import IDLE_FPS
from wire import ClientConnection, ErrorMessage, Frame, Hello, Result, Verdict, Welcome, encode

BEGIN, END = "begin", "end"
LAST_ANSWERS_SECONDS = 2.0
"""How long an answer may come after the end; a frame unanswered by then counts with its age."""
CONNECT_SECONDS = 0.01
"""Pause between two connections."""
CHUNK_BYTES = 65536


@dataclass
class Counts:
    """What one terminal saw in the measured time: milliseconds from frame to result, frames answered and
    skipped, milliseconds that its own clock was late, errors of the server. `grants`: for each visit that
    ended in that time, milliseconds from when the first frame with the visitor wholly in view was due to the
    grant; None without one."""

    times: list[float] = field(default_factory=list)
    answered: int = 0
    skipped: int = 0
    late: list[float] = field(default_factory=list)
    errors: int = 0
    grants: list[float | None] = field(default_factory=list)


class LoadTerminal:
    """One connection; `counts` only grows while `counting`. `start`: at which frame of the clip it begins."""

    def __init__(self, number: int, clip: Clip, start: int) -> None:
        self.counts = Counts()
        self.counting = False
        self._name = f"bench-{os.getpid()}-{number}"  # locks after failed attempts outlive a connection
        self._clip = clip
        self._at = start
        self._arrivals = {visit.start for visit in clip.visits}
        self._departures = {visit.stop for visit in clip.visits}
        self._idle = frozenset(at for idle in clip.idle for at in idle)
        self._arrived: float | None = None
        self._granted: float | None = None
        self._seq = 0
        self._in_flight: tuple[int, float, bool] | None = None
        self._wanted = 0.0
        self._answered = asyncio.Event()
        self._protocol = ClientConnection()

    async def connect(self, port: int) -> None:
        """Say hello and wait for the welcome. Raises ConnectionError."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._writer.write(encode(Hello(self._name)))
        while True:
            self._protocol.feed(await self._read())
            for message in self._protocol.events():
                if not isinstance(message, Welcome):
                    raise ConnectionError(f"not welcome: {message}")
                return

    async def _read(self) -> bytes:
        data = await self._reader.read(CHUNK_BYTES)
        if not data:
            raise ConnectionError("the server hung up")
        return data

    async def send_frames(self, fps: float, phase: float) -> None:
        """Send a frame whenever one is due, for ever; the first one after `phase` of a frame's time."""
        due = time.perf_counter() + phase / fps
        while True:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._at not in self._idle or self._at % round(fps / IDLE_FPS) == 0:
                self._send_due(due)
            self._at = (self._at + 1) % len(self._clip.frames)
            due += 1 / fps

    def _send_due(self, due: float) -> None:
        if self.counting:
            self.counts.late.append((time.perf_counter() - due) * 1000)
        self._come_and_go(due)
        if self._in_flight is None and time.perf_counter() >= self._wanted:
            self._send()
        else:
            self.counts.skipped += self.counting

    def _come_and_go(self, due: float) -> None:
        """The next frame is due: a visit begins or ends with it."""
        if self._at in self._arrivals:
            self._arrived, self._granted = due, None
        elif self._at in self._departures and self._arrived is not None:
            if self.counting:
                self.counts.grants.append(self._granted)
            self._arrived = None

    def _send(self) -> None:
        self._seq += 1
        jpeg = self._clip.frames[self._at]
        self._in_flight = (self._seq, time.perf_counter(), self.counting)
        self._answered.clear()
        self._writer.write(encode(Frame(self._seq, jpeg)))

    async def take_answers(self) -> None:
        """Read for ever. Raises ConnectionError."""
        while True:
            self._protocol.feed(await self._read())
            for message in self._protocol.events():
                if isinstance(message, Result) and self._in_flight and message.seq == self._in_flight[0]:
                    self._take(message)
                    self.settle(answered=not message.overloaded)
                elif isinstance(message, ErrorMessage):
                    self.counts.errors += 1
                    self.settle(answered=False)

    def _take(self, result: Result) -> None:
        """Note when the visitor in view is let in, and when the next frame is wanted."""
        self._wanted = time.perf_counter() + (result.next_ms or 0.0) / 1000
        granted = result.decision is not None and result.decision.verdict is Verdict.GRANTED
        if granted and self._arrived is not None and self._granted is None:
            self._granted = (time.perf_counter() - self._arrived) * 1000

    def settle(self, *, answered: bool) -> None:
        """The frame in flight, if there is one, is answered, or given up."""
        if self._in_flight is not None:
            _, sent, counts = self._in_flight
            if counts:
                self.counts.times.append((time.perf_counter() - sent) * 1000)
            self.counts.answered += answered and self.counting
        self._in_flight = None
        self._answered.set()

    async def at_rest(self) -> None:
        """Wait until no frame is in flight."""
        if self._in_flight is not None:
            await self._answered.wait()

    def close(self) -> None:
        self._writer.close()


async def run(options: argparse.Namespace, clip: Clip) -> dict[str, object]:
    """Connect, settle, measure; the figures of all terminals. Raises ConnectionError."""
    starts = [number * len(clip.frames) // options.terminals for number in range(options.terminals)]
    terminals = [LoadTerminal(number, clip, start) for number, start in enumerate(starts)]
    for terminal in terminals:
        await terminal.connect(options.port)
        await asyncio.sleep(CONNECT_SECONDS)
    receiving = [asyncio.ensure_future(terminal.take_answers()) for terminal in terminals]
    sending = [
        asyncio.ensure_future(terminal.send_frames(options.fps, number / len(terminals)))
        for number, terminal in enumerate(terminals)
    ]
    await asyncio.sleep(options.settle)
    print(BEGIN, flush=True)
    begun, cpu = time.perf_counter(), time.process_time()
    _count(terminals, True)
    await asyncio.sleep(options.measure)
    _count(terminals, False)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(END, flush=True)
    for task in sending:
        task.cancel()
    await asyncio.wait(
        [asyncio.ensure_future(terminal.at_rest()) for terminal in terminals], timeout=LAST_ANSWERS_SECONDS
    )
    lost = sum(task.done() for task in receiving)
    for task in receiving:
        task.cancel()
    await asyncio.gather(*sending, *receiving, return_exceptions=True)
    for terminal in terminals:
        terminal.settle(answered=False)
        terminal.close()
    counts = [asdict(terminal.counts) for terminal in terminals]
    return {"seconds": seconds, "cpu_seconds": cpu, "lost": lost, "terminals": counts}


def _count(terminals: Sequence[LoadTerminal], counting: bool) -> None:
    for terminal in terminals:
        terminal.counting = counting


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Many terminals at once.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--terminals", type=int, required=True)
    parser.add_argument("--fps", type=float, required=True)
    parser.add_argument("--settle", type=float, required=True)
    parser.add_argument("--measure", type=float, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    options = parser.parse_args()
    clip: Clip = pickle.loads(options.clip.read_bytes())
    try:
        print(json.dumps(asyncio.run(run(options, clip))), flush=True)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
