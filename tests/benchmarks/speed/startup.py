"""How long a server takes from the command until it listens, and until everybody is enrolled."""

import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from client.camera.frames import Image, resized
from tests.benchmarks.speed import people
from tests.benchmarks.speed.door_server import BenchmarkError, DoorServer, running
from tests.benchmarks.speed.plan import Plan

PHOTO_SIDE = 800
"""Longest side of an enrolment photo, in pixels."""
START_SECONDS = 300.0
PHOTO_SECONDS = 0.5
"""How long a start may take, and for each photo."""
POLL_SECONDS = 0.05
_SUMMARY = re.compile(r"(\d+) photos?; (\d+) held or rejected")


@dataclass(frozen=True)
class Start:
    """One start with `photos` in the folder; `cached`: known from the start before.

    `listening`, `enrolled`: seconds from the command until it listens, and until all photos are dealt with
    (None: it never said so). `accepted`: photos that enrol somebody. `rss_mb`: memory of all processes then.
    """

    photos: int
    cached: bool
    listening: float
    enrolled: float | None
    accepted: int | None
    rss_mb: float


def startup(plan: Plan, home: Path, say: Callable[[str], None]) -> list[Start]:
    """A first start and a second one, for each size of folder."""
    starts = []
    for count in plan.photos:
        say(f"making {count} photos")
        folder = home / str(count)
        make_photos(folder / "faces", count)
        for cached in (False, True):
            say(f"starting with {count} {'known' if cached else 'new'} photos")
            starts.append(_start(folder, count, cached))
        shutil.rmtree(folder)
    return starts


def _start(home: Path, photos: int, cached: bool) -> Start:
    patience = START_SECONDS + photos * PHOTO_SECONDS
    with running(home) as server:
        listening, _ = server.listening(patience)
        summary = _enrolled(server, photos, patience)
        memory = server.memory()
    at, accepted = summary if summary else (None, None)
    return Start(photos, cached, listening, at, accepted, memory.rss / 1e6)


def _enrolled(server: DoorServer, photos: int, patience: float) -> tuple[float, int] | None:
    """Wait until the console accounts for all photos: seconds after the command, and how many enrol."""
    while server.age < patience:
        if found := last_summary(server.console(), photos):
            return found
        time.sleep(POLL_SECONDS)
    return None


def last_summary(console: list[tuple[float, str]], photos: int) -> tuple[float, int] | None:
    """When the console first accounts for all photos, in seconds, and how many of them enrol somebody."""
    for at, line in console:
        found = _SUMMARY.search(line)
        if found and int(found[1]) + int(found[2]) >= photos:
            return at, int(found[1])
    return None


def make_photos(folder: Path, count: int) -> None:
    """Fill `folder` with `count` distinct photos, each in another frame, size and light. Of many people where
    LFW is at hand, of a few portraits elsewhere; every photo is taken once before one is taken again.

    Raises BenchmarkError, SamplesUnavailable, OSError.
    """
    sources = people.many() or [(name, path) for name, path in people.enrolled().items()]
    if not sources:
        raise BenchmarkError("there are no portraits to make photos of")
    for name, _ in sources[:count]:
        (folder / name).mkdir(parents=True, exist_ok=True)

    def write(index: int) -> None:
        name, path = sources[index % len(sources)]
        picture = varied(sized(people.photograph(path), PHOTO_SIDE), index)
        cv2.imwrite(str(folder / name / f"{index:05}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])

    with ThreadPoolExecutor() as writers:
        list(writers.map(write, range(count)))


def sized(picture: Image, side: int) -> Image:
    """`picture`, its longer side `side` pixels."""
    return resized(picture, side / max(picture.shape[:2]))


def varied(picture: Image, seed: int) -> Image:
    """The same person on a photo of its own: other margins, another size, other light."""
    random = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    top, bottom = (int(share * height) for share in random.uniform(0, 0.04, 2))
    left, right = (int(share * width) for share in random.uniform(0, 0.04, 2))
    cropped = resized(picture[top : height - bottom, left : width - right], random.uniform(0.9, 1.1))
    lit: Image = cv2.convertScaleAbs(cropped, alpha=random.uniform(0.9, 1.1), beta=random.uniform(-12, 12))
    return lit
