"""What doors notice of terminals that take what they are not given, of crowds, and of too many terminals.

    python -m tests.benchmarks.load         # ten minutes, writes docs/benchmarks/load.md

A server as it is shipped. In each round the doors are measured with one door more in the abuser's place and
then with the abuser: what counts is the ratio within a round.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.speed import capacity, clips, people, visitors
from tests.benchmarks.speed.capacity import Load
from tests.benchmarks.speed.clips import Clip
from tests.benchmarks.speed.door_server import BenchmarkError, DoorServer, running
from tests.benchmarks.speed.machine import Bystanders, Machine, describe
from tests.benchmarks.speed.plan import TERMINAL_FPS
from tests.benchmarks.speed.report import table
from tests.support.server_process import ROOT, free_port

DOORS, ROUNDS, SECONDS, SETTLE = 4, 3, 10.0, 2.0
CROWD = (8, 16, 32, 64)
HERD = 500
REPORT = ROOT / "docs" / "benchmarks" / "load.md"
BIG_BYTES = 1_000_000
ABUSES = {
    "frames of 3.7 megapixels and twelve people without a pause": ("frames", "big.jpg"),
    "small frames without a pause": ("frames", "small.jpg"),
    "pings without a pause": ("pings", ""),
    "2,000 half hellos from eight addresses": ("loris", ""),
    "connections that are given up at once": ("connects", ""),
}


@dataclass(frozen=True)
class Abused:
    """One abuse: in each round, the doors with one more of their kind and with the abuser."""

    title: str
    rounds: list[tuple[Load, Load]]

    def ratio(self, percentile: str) -> float:
        pairs = [
            (getattr(each.times, percentile), getattr(usual.times, percentile)) for usual, each in self.rounds
        ]
        return float(statistics.median(abused / usual for abused, usual in pairs))


@dataclass(frozen=True)
class Returned:
    """Seconds from when the server listened again until half of the herd, and all, were back. `peak`: the
    most tries in a second."""

    half: float
    all: float
    peak: int


@contextmanager
def abused(kind: str, file: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.benchmarks.abuse", "--kind", kind, "--port", str(port)]
    command += ["--file", str(file)] if file.is_file() else []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as abuser:
        time.sleep(SETTLE)
        yield
        abuser.terminate()
        assert abuser.stdout is not None
        print(f"  {kind}: {abuser.stdout.read().strip()}", flush=True)


def under_abuse(home: Path, clip: Clip) -> list[Abused]:
    found = []
    for title, (kind, file) in ABUSES.items():
        rounds = []
        for _ in range(ROUNDS):
            # a server of its own: the one before waits for who has misbehaved
            with running(home, "--web", "off") as server:
                _, port = server.listening()
                usual = capacity.measure(server, home, clip, DOORS + 1, TERMINAL_FPS, SETTLE, SECONDS)
                with abused(kind, home / file, port):
                    under = capacity.measure(server, home, clip, DOORS, TERMINAL_FPS, SETTLE, SECONDS)
            rounds.append((usual, under))
        found.append(Abused(title, rounds))
        print(f"{title}: p50 x {found[-1].ratio('p50'):.2f}, p95 x {found[-1].ratio('p95'):.2f}", flush=True)
    return found


def crowded(home: Path, clip: Clip) -> list[Load]:
    found = []
    with running(home, "--web", "off") as server:
        for doors in CROWD:
            found.append(capacity.measure(server, home, clip, doors, TERMINAL_FPS, SETTLE, SECONDS))
            times = found[-1].times
            print(f"{doors} doors: p50 {times.p50:.0f} ms, p95 {times.p95:.0f} ms", flush=True)
    return found


def returned(home: Path) -> Returned:
    """Stop the server under a herd, and start it again at its port. Raises BenchmarkError."""
    port = free_port()
    (home / "doorward.toml").write_text(f"max_terminals = {HERD}\n")
    flags = ("--web", "off", "--port", str(port))
    command = [sys.executable, "-m", "tests.benchmarks.herd"]
    command += ["--port", str(port), "--terminals", str(HERD)]
    server = DoorServer(home, *flags)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as herd:
        try:
            server.listening()
            assert herd.stdout is not None
            herd.stdout.readline()
            server.stop()
            server = DoorServer(home, *flags)
            server.listening()
            listening = time.monotonic()
            told = json.loads(herd.stdout.readline() or "null")
        finally:
            herd.terminate()
            server.stop()
    if told is None:
        raise BenchmarkError("the herd did not come back")
    there = [at - listening for at in told["there"]]
    tries = np.floor(np.array([at for at in told["tries"] if at >= listening]) - listening).astype(int)
    back = Returned(statistics.median(there), max(there), int(np.bincount(tries).max()))
    print(f"{HERD} terminals are back after {back.all:.1f} s", flush=True)
    return back


def big_picture(frame: bytes) -> bytes:
    """Twelve of the frame in one JPEG of at most BIG_BYTES."""
    picture = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    tiled = np.tile(picture, (4, 3, 1))
    for quality in range(98, 10, -4):
        data: bytes = cv2.imencode(".jpg", tiled, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= BIG_BYTES:
            return data
    raise BenchmarkError("the picture does not become small enough")


PAGE = """\
# What doors notice of abuse and of crowds

Made by `make bench-load` (`tests/benchmarks/load.py`) on {machine.date}, commit `{machine.commit}`:
{machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB, {machine.system}, Python {machine.python}.
Other programs kept {others:.1f} cores busy meanwhile.

A server as it is shipped; doors at which somebody stands, {fps:g} frames a second each. Abuser, doors and
server share the machine. *Usual* is with one more such door in the abuser's place. Median of {rounds} rounds
of {seconds:g} s; *times* is the median of the rounds' ratios.

{abused}

More and more such doors:

{crowd}

**{herd} terminals whose server is restarted**, over TCP without TLS: half are back {back.half:.1f} s after it
listens again, all after {back.all:.1f} s; at most {back.peak} tries in a second.
"""


def report(machine: Machine, others: float, abuses: list[Abused], crowd: list[Load], back: Returned) -> str:
    rows = [
        [
            each.title,
            f"{statistics.median(usual.times.p95 for usual, _ in each.rounds):.0f}",
            f"{statistics.median(under.times.p95 for _, under in each.rounds):.0f}",
            f"{each.ratio('p50'):.2f}",
            f"{each.ratio('p95'):.2f}",
            f"{statistics.median(under.skipped for _, under in each.rounds):.0%}",
        ]
        for each in abuses
    ]
    header = ["abuse", "usual p95, ms", "p95, ms", "p50, times", "p95, times", "skipped"]
    crowds = [
        [
            str(load.terminals),
            f"{load.times.p50:.0f}",
            f"{load.times.p95:.0f}",
            f"{load.least:.1f} to {load.most:.1f}",
            str(load.starved),
        ]
        for load in crowd
    ]
    heads = ["doors", "p50, ms", "p95, ms", "answers a second", "starved"]
    return PAGE.format(
        machine=machine,
        others=others,
        fps=TERMINAL_FPS,
        rounds=ROUNDS,
        seconds=SECONDS,
        abused=table(header, rows, left=1),
        crowd=table(heads, crowds, left=0),
        herd=HERD,
        back=back,
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="doorward-load-") as folder:
        home, bystanders = Path(folder), Bystanders()
        people.enrol(visitors.enrolled(home / "stills"), home / "faces")
        clip = clips.standing(visitors.talking(), TERMINAL_FPS)
        (home / "small.jpg").write_bytes(clip.frames[0])
        (home / "big.jpg").write_bytes(big_picture(clip.frames[0]))
        abuses, crowd, back = under_abuse(home, clip), crowded(home, clip), returned(home)
        text = report(describe(), bystanders.cores(), abuses, crowd, back)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
