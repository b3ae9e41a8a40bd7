"""The streams that all contenders see: the same JPEG bytes, and who may be named in them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from client.camera.frames import Area, Image
from client.camera.simulated import EMPTY_SECONDS, VISIT_SECONDS, WIDTH, fitted, frame_at
from client.connection.jpeg import encode_within
from tests.benchmarks.speed import people, visitors
from tests.benchmarks.speed.loops import decoded
from tests.benchmarks.speed.measures import Spot, Spots
from tests.benchmarks.speed.plan import Window
from tests.benchmarks.spoof.portrait import portrait
from tests.benchmarks.spoof.species import Species, attack
from tests.support.photos import DATA
from wire import Limits

SEND_WIDTH = 640
"""Widest frame that is sent, in pixels: the terminal's default."""
QUALITY = 85
"""JPEG quality: the terminal's default."""
LIMITS = Limits(frame_bytes=1 << 20, frame_pixels=4_000_000)
CAMERA_FPS = 30.0
"""Frames per second of the simulated camera."""
EVERYWHERE = Area(0, 0, 1, 1)
SINGER_FRAMES = 212
"""In hamilton.mp4 the enrolled singer is seen up to here; then the audience is, where nobody is enrolled."""
COME_SECONDS = 0.5
"""How long somebody takes to come into the picture, and to leave it."""
IN_VIEW = 0.7
"""Share of the way into the picture after which a face in the middle is wholly in view."""
BEFORE_SECONDS, AFTER_SECONDS = 1.0, 2.0
"""Of an empty doorway, before and after a visit."""

_NO_PHOTO = np.zeros((10, 10, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Scene:
    """One stream: JPEG `frames` of `width` x `height` pixels, `fps` of them a second.

    `truth`: for each frame, who may be named and where. Whoever else is named is named wrongly. `arrives`:
    the first frame in which somebody's face is wholly in view; None when nobody comes.
    """

    key: str
    title: str
    fps: float
    width: int
    height: int
    frames: tuple[bytes, ...]
    truth: tuple[Spots, ...]
    arrives: int | None = 0


def build(windows: Mapping[str, Window]) -> tuple[list[Scene], list[str]]:
    """The scenes whose material is there, and the titles of those left out.

    Raises SamplesUnavailable, SourceError, OSError.
    """
    built = {key: _BUILDERS[key](window) for key, window in windows.items()}
    missing = [_FILMS[key][0] for key, scene in built.items() if scene is None]
    return [scene for scene in built.values() if scene is not None], missing


def _scene(
    key: str,
    title: str,
    fps: float,
    frames: Sequence[bytes],
    truth: Callable[[int], Spots],
    arrives: int | None = 0,
) -> Scene:
    height, width = decoded(frames[0]).shape[:2]
    spots = tuple(truth(at) for at in range(len(frames)))
    return Scene(key, title, fps, width, height, tuple(frames), spots, arrives)


def _visit(window: Window) -> Scene:
    man = visitors.turning()
    pictures = list(man.play(window.first, window.count))
    before, after = round(BEFORE_SECONDS * man.fps), round(AFTER_SECONDS * man.fps)
    stream = [*empty(before, man.fps), *coming_and_going(pictures, man.fps), *empty(after, man.fps)]
    spots = (Spot(man.name, EVERYWHERE),)
    return _scene(
        "visit",
        f"A whole visit: {man.looks} comes, is let in and leaves",
        man.fps,
        encoded(stream),
        lambda at: spots if before <= at < before + len(pictures) else (),
        arrives=before + arrival(man.fps),
    )


def coming_and_going(pictures: Sequence[Image], fps: float) -> Iterator[Image]:
    """Pictures of somebody who comes in from the side in the first of them and leaves in the last."""
    steps = round(COME_SECONDS * fps)
    (doorway,) = empty(1, fps)
    for index, picture in enumerate(pictures):
        there = min(1.0, index / steps, (len(pictures) - 1 - index) / steps)
        outside = round((1 - there) * WIDTH)
        view = doorway.copy()
        view[:, outside:] = picture[:, : WIDTH - outside]
        yield view


def arrival(fps: float) -> int:
    """In which picture of `coming_and_going` the face is wholly in view first."""
    return math.ceil(IN_VIEW * COME_SECONDS * fps)


def _held_up(window: Window) -> Scene:
    sheet = attack(Species.PRINT_HELD, 0, portrait(people.visitor()))
    frames = [sheet.jpeg((window.first + at) / CAMERA_FPS) for at in range(window.count)]
    spots = (Spot(people.OBAMA, EVERYWHERE),)
    seconds = window.count / CAMERA_FPS
    title = f"A photo of somebody enrolled is held up for {seconds:.2g} s"
    return _scene("photo", title, CAMERA_FPS, frames, lambda at: spots)


def _resident(window: Window) -> Scene:
    man = visitors.talking()
    frames = encoded(man.play(window.first, window.count))
    spots = (Spot(man.name, EVERYWHERE),)
    title = f"A resident, {man.looks}, stands there for {len(frames) / man.fps:.2g} s"
    return _scene("resident", title, man.fps, frames, lambda at: spots)


def _singer(frame: int) -> Spots:
    return (Spot(people.MIRANDA, EVERYWHERE),) if frame < SINGER_FRAMES else ()


def _nobody(frame: int) -> Spots:
    return ()


_FILMS: Mapping[str, tuple[str, str, float, Callable[[int], Spots]]] = {
    "stage": ("Stage, hard cuts", "hamilton.mp4", 30.0, _singer),
    "stranger": ("A stranger, signing", "signing/book.mkv", 30.0, _nobody),
}
"""Title, file, pictures per second, and who may be named in which of its frames."""


def _film(key: str, window: Window) -> Scene | None:
    title, file, fps, truth = _FILMS[key]
    path = DATA / "stream" / file
    if not path.exists():
        return None
    frames = encoded(people.filmed(path, window.first, window.count))
    return _scene(key, title, fps, frames, lambda at: truth(window.first + at))


def _empty(window: Window) -> Scene:
    return _scene("nobody", "Nobody", CAMERA_FPS, encoded(empty(window.count)), _nobody, arrives=None)


def _group(key: str, title: str, portraits: list[people.Portrait], window: Window) -> Scene:
    frames = encoded(standing(people.side_by_side(portraits, 2), window.count))
    spots = _grid(portraits, 2)
    return _scene(key, title, CAMERA_FPS, frames, lambda at: spots)


def _grid(portraits: list[people.Portrait], columns: int) -> Spots:
    rows = len(portraits) // columns
    return tuple(
        Spot(
            portrait.name,
            Area(
                left=index % columns / columns,
                top=index // columns / rows,
                right=(index % columns + 1) / columns,
                bottom=(index // columns + 1) / rows,
            ),
        )
        for index, portrait in enumerate(portraits)
    )


_BUILDERS: Mapping[str, Callable[[Window], Scene | None]] = {
    "visit": _visit,
    "photo": _held_up,
    "resident": _resident,
    "stage": lambda window: _film("stage", window),
    "stranger": lambda window: _film("stranger", window),
    "nobody": _empty,
    "two": lambda window: _group("two", "Photos of two people", people.pair(), window),
    "four": lambda window: _group("four", "Photos of four people", people.quartet(), window),
}


def standing(photo: Image, count: int, fps: float = CAMERA_FPS, seed: int = 0) -> Iterator[Image]:
    """`count` pictures of a photo that is there from the first one on, for at most `VISIT_SECONDS`."""
    small = fitted(photo)
    for index in range(min(count, int(VISIT_SECONDS * fps))):
        yield frame_at(small, EMPTY_SECONDS + index / fps, seed)


def empty(count: int, fps: float = CAMERA_FPS, seed: int = 0) -> Iterator[Image]:
    """`count` pictures of a doorway with nobody in it: the light and the camera's noise change."""
    for index in range(count):
        yield frame_at(_NO_PHOTO, EMPTY_SECONDS + VISIT_SECONDS + index / fps, seed)


def encoded(pictures: Iterable[Image]) -> list[bytes]:
    """As a terminal would send them."""
    return [encode_within(picture, SEND_WIDTH, QUALITY, LIMITS).jpeg for picture in pictures]
