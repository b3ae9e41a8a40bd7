"""What doors lose while the console is busy: browsers that watch all of them, and photos that are uploaded.

    python -m tests.benchmarks.console      # a quarter of an hour, writes docs/benchmarks/console.md

One server as it is shipped, two scenes at its doors, and in each round the same doors with nobody at the
console and then with somebody. The browsers are as quick as can be: each asks for the next pictures at once.
They, the doors and the server share one machine here.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import httpx
from websockets.asyncio.client import connect

from tests.benchmarks.speed import capacity, clips, people, visitors
from tests.benchmarks.speed.clips import Clip
from tests.benchmarks.speed.door_server import BenchmarkError, DoorServer, running
from tests.benchmarks.speed.machine import Machine, describe
from tests.benchmarks.speed.plan import NORMAL, TERMINAL_FPS
from tests.benchmarks.speed.report import table
from tests.benchmarks.speed.startup import make_photos
from tests.support.server_process import ROOT, wait_for

BROWSERS, PHOTOS = 20, 200
BROWSERS_NICE = 15
"""They are on this machine here alone."""
ROUNDS, SECONDS, SETTLE = 2, 25.0, 3.0
IDLE_SECONDS = 30.0
"""At each door of a building between a visitor who has left and the next one."""
REPORT = ROOT / "docs" / "benchmarks" / "console.md"
NAME, PASSWORD = "admin", "correct horse battery staple"
LETTERS = str.maketrans("0123456789", "abcdefghij")
Busy: TypeAlias = dict[str, Callable[[], AbstractContextManager[None]]]
"""What goes on at the console."""
_LINK = re.compile(r"(http://[\d.:]+)/set-up#(\S+)")


@dataclass(frozen=True)
class Scene:
    """So many doors with the same to see."""

    title: str
    doors: int
    clip: Clip


@dataclass(frozen=True)
class Figures:
    """One scene: the 95th percentile of the doors' answers in milliseconds and the share of frames skipped,
    each by what went on at the console, one value a round."""

    title: str
    p95: dict[str, list[float]]
    skipped: dict[str, list[float]]

    def growth(self, what: str) -> float:
        """The median of the rounds' ratios."""
        pairs = zip(self.p95[what], self.p95[QUIET], strict=True)
        return statistics.median(busy / quiet for busy, quiet in pairs)


QUIET = "nobody at the console"
WATCHED = f"{BROWSERS} browsers watch"
BUSY = f"{BROWSERS} browsers watch, and {PHOTOS} photos are uploaded"


class Administrator:
    """The first account, signed in."""

    def __init__(self, server: DoorServer) -> None:
        found: list[re.Match[str]] = []

        def link() -> bool:
            found.extend(filter(None, (_LINK.search(line) for _, line in server.console())))
            return bool(found)

        wait_for(link, what="the link")
        self.address = found[0][1]
        self.browser = httpx.Client(base_url=self.address, timeout=600)
        given = {"secret": found[0][2], "name": NAME, "password": PASSWORD}
        self.browser.post("/api/v1/invitation", json=given).raise_for_status()

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())

    def upload(self, photos: Sequence[Path]) -> None:
        """In one request, each called after somebody."""
        files = [
            ("files", (f"{photo.parent.name.translate(LETTERS)}.jpg", photo.read_bytes())) for photo in photos
        ]
        self.browser.post("/api/v1/people/photos", files=files).raise_for_status()


@contextmanager
def watched(administrator: Administrator) -> Iterator[None]:
    """While so many browsers watch. Raises BenchmarkError: one of them was turned away."""
    command = [sys.executable, "-m", "tests.benchmarks.console", "--watch", administrator.address]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as each:
        assert each.stdin is not None and each.stdout is not None
        each.stdin.write(f"{administrator.cookie}\n")
        each.stdin.flush()
        yield
        each.terminate()
        shown = json.loads(each.stdout.read() or "[]")
    if len(shown) != BROWSERS or min(shown) == 0:
        raise BenchmarkError(f"not all of {BROWSERS} browsers have seen pictures: {shown}")


async def _watch(address: str, cookie: str) -> None:
    """Until this process is told to end; then it tells how many pictures each browser has had."""
    os.nice(BROWSERS_NICE)
    shown = [0] * BROWSERS

    async def browser(number: int) -> None:
        headers = {"Cookie": cookie}
        async with connect(
            f"{address.replace('http', 'ws', 1)}/live/socket",
            origin=address,  # type: ignore[arg-type]
            additional_headers=headers,
            max_size=None,
        ) as socket:
            async for message in socket:
                if isinstance(message, bytes):
                    shown[number] += 1
                    length = int.from_bytes(message[:4], "big")
                    if json.loads(message[4 : 4 + length])["last"]:
                        await socket.send("shown")

    watching = asyncio.gather(*map(browser, range(BROWSERS)))
    asyncio.get_running_loop().add_signal_handler(15, watching.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    print(json.dumps(shown))


@contextmanager
def uploading(administrator: Administrator, photos: Iterator[Sequence[Path]]) -> Iterator[None]:
    """While photos are uploaded, and judged."""
    upload = threading.Thread(target=administrator.upload, args=(next(photos),))
    upload.start()
    yield
    upload.join()


@contextmanager
def watched_and_uploading(administrator: Administrator, photos: Iterator[Sequence[Path]]) -> Iterator[None]:
    with watched(administrator), uploading(administrator, photos):
        yield


def measured(scene: Scene, server: DoorServer, home: Path, busy: Busy) -> Figures:
    figures = Figures(scene.title, {what: [] for what in busy}, {what: [] for what in busy})
    for _ in range(ROUNDS):
        for what, begun in busy.items():
            with begun():
                load = capacity.measure(server, home, scene.clip, scene.doors, TERMINAL_FPS, SETTLE, SECONDS)
            figures.p95[what].append(load.times.p95)
            figures.skipped[what].append(load.skipped)
            print(
                f"{scene.title}, {what}: p95 {load.times.p95:.0f} ms, {load.skipped:.1%} skipped", flush=True
            )
    return figures


def scenes() -> list[Scene]:
    talking, turning = visitors.talking(), visitors.turning()
    visits = clips.visits([turning, talking], NORMAL.visit_starts, NORMAL.visit_seconds, TERMINAL_FPS)
    building = clips.visits(
        [turning, talking],
        NORMAL.visit_starts,
        NORMAL.visit_seconds,
        TERMINAL_FPS,
        idle_seconds=IDLE_SECONDS,
    )
    return [
        Scene("16 doors, a visitor every 40 seconds at each", 16, building),
        Scene("6 doors, people come and go", 6, visits),
    ]


def measure(home: Path) -> list[Figures]:
    people.enrol(visitors.enrolled(home / "stills"), home / "faces")
    make_photos(home / "photos", 2 * ROUNDS * PHOTOS)
    all_photos = sorted((home / "photos").glob("*/*.jpg"), key=lambda path: path.name)
    batches = iter([all_photos[at : at + PHOTOS] for at in range(0, len(all_photos), PHOTOS)])
    found = []
    for scene in scenes():
        with running(home, "--web-port", "0") as server:
            server.listening()
            administrator = Administrator(server)
            busy: Busy = {
                QUIET: contextlib.nullcontext,
                WATCHED: partial(watched, administrator),
                BUSY: partial(watched_and_uploading, administrator, batches),
            }
            found.append(measured(scene, server, home, busy))
        shutil.rmtree(home / "logs")
    return found


PAGE = """\
# What the console costs the doors

Made by `make bench-console` (`tests/benchmarks/console.py`) on {machine.date}, commit `{machine.commit}`:
{machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB, {machine.system}, Python {machine.python}.

A server as it is shipped; doors that send {fps:g} frames a second of a visitor, and 2 while nobody has been
there for long, as terminals do; {browsers} browsers that show the live page of all doors and are as quick as
can be; one request with {photos} photos, judged and enrolled meanwhile. Doors, server and browsers (at a low
priority) share the machine. Median of {rounds} rounds of {seconds:g} s, each with its own quiet one; growth
is the median of the rounds' ratios.

{table}
"""


def report(machine: Machine, found: Sequence[Figures]) -> str:
    rows = [
        [
            each.title,
            what,
            f"{statistics.median(each.p95[what]):.0f}",
            f"{each.growth(what) - 1:+.0%}",
            f"{statistics.median(each.skipped[what]):.1%}",
        ]
        for each in found
        for what in each.p95
    ]
    header = ["doors", "at the console", "95 % of answers within ms", "growth", "frames skipped"]
    return PAGE.format(
        machine=machine,
        fps=TERMINAL_FPS,
        browsers=BROWSERS,
        photos=PHOTOS,
        rounds=ROUNDS,
        seconds=SECONDS,
        table=table(header, rows, left=2),
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--watch", metavar="ADDRESS", help=argparse.SUPPRESS)
    address = options.parse_args().watch
    if address:
        asyncio.run(_watch(address, sys.stdin.readline().strip()))
        return
    with tempfile.TemporaryDirectory(prefix="doorward-console-") as home:
        found = measure(Path(home))
    REPORT.write_text(report(describe(), found), encoding="utf-8")


if __name__ == "__main__":
    main()
