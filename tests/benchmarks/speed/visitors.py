"""Living people who come to the door: two men on film, or where the films are not there, rendered heads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2

from client.camera.frames import Image
from client.camera.simulated import HEIGHT, WIDTH
from scripts.samples import sample_photos
from tests.benchmarks.speed import people
from tests.benchmarks.speed.measures import back_and_forth
from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import portrait
from tests.benchmarks.spoof.species import rendered_person
from tests.support.photos import DATA
from wire.reasons import Prompt

Play = Callable[[int, int], Iterator[Image]]
"""Some pictures, uint8[480, 640, 3] BGR: the first one's number, and how many."""

RENDERED_FPS, RENDERED_FRAMES = 25.0, 200
TURNS = ((1.0, Prompt.TURN_LEFT), (2.6, Prompt.TURN_RIGHT), (4.2, Prompt.LOOK_AT_CAMERA))
"""When a rendered head turns, in seconds."""


@dataclass(frozen=True)
class Visitor:
    """Somebody enrolled as `name`. `looks`: in words, for the reader; `fps`: pictures per second."""

    name: str
    looks: str
    fps: float
    play: Play

    def at_rate(self, fps: float, first: int, count: int) -> list[Image]:
        """`count` pictures, `fps` of them per second, from picture `first` on."""
        wanted = [round(index * self.fps / fps) for index in range(count)]
        there = list(self.play(first, wanted[-1] + 1))
        return [there[min(at, len(there) - 1)] for at in wanted]


@dataclass(frozen=True)
class _Film:
    """`still`: the second of it by which the man is enrolled; it is not shown to any camera."""

    name: str
    looks: str
    file: str
    fps: float
    still: float

    @property
    def path(self) -> Path:
        return DATA / "stream" / self.file

    def play(self, first: int, count: int) -> Iterator[Image]:
        for picture in people.filmed(self.path, first, count):
            yield filling(picture)


_TURNING = _Film("Turning Man", "a man who turns his head", "webcam_turning.mp4", 25.0, 10.0)
_TALKING = _Film("Talking Man", "a man who talks", "talking.mp4", 24.0, 150.0)


def turning() -> Visitor:
    """Who shows of himself what passive liveness asks for."""
    return _visitor(_TURNING)


def talking() -> Visitor:
    """Who looks ahead, and talks."""
    return _visitor(_TALKING)


def enrolled(folder: Path) -> dict[str, Path]:
    """Everybody who is enrolled, by which photo; those on film by a picture that is put into `folder`."""
    found = people.enrolled()
    folder.mkdir(parents=True)
    for film in (_TURNING, _TALKING):
        if film.path.exists():
            found[film.name] = folder / f"{film.name}.png"
            (picture,) = film.play(round(film.still * film.fps), 1)
            cv2.imwrite(str(found[film.name]), picture)
    return found


def filling(picture: Image) -> Image:
    """The middle of a picture, as large as the simulated camera's: uint8[480, 640, 3]."""
    height, width = picture.shape[:2]
    wide, high = min(width, height * WIDTH // HEIGHT), min(height, width * HEIGHT // WIDTH)
    left, top = (width - wide) // 2, (height - high) // 2
    part = picture[top : top + high, left : left + wide]
    filled: Image = cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return filled


def _visitor(film: _Film) -> Visitor:
    if film.path.exists():
        return Visitor(film.name, film.looks, film.fps, film.play)
    return Visitor(people.OBAMA, "a rendered head that turns", RENDERED_FPS, _rendered)


def _rendered(first: int, count: int) -> Iterator[Image]:
    """A head that turns; played to and fro."""
    heads = _heads(min(count, RENDERED_FRAMES))
    return (heads[back_and_forth(index, len(heads))] for index in range(count))


@lru_cache
def _heads(count: int) -> tuple[Image, ...]:
    head = rendered_person(0, portrait(sample_photos()["obama3"]))
    return tuple(head.frame(at / RENDERED_FPS, turned_by(at / RENDERED_FPS)) for at in range(count))


def turned_by(at: float) -> tuple[Asked, ...]:
    """What a rendered head has done by itself up to `at`, in seconds."""
    return tuple(Asked(what, when) for when, what in TURNS if when <= at)
