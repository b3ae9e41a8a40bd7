"""The streams that all contenders see: the same JPEG bytes, and who may be named in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from client.camera.frames import Area, Image
from client.camera.simulated import EMPTY_SECONDS, VISIT_SECONDS, fitted, frame_at
from client.connection.jpeg import encode_within
from tests.benchmarks.speed import people
from tests.benchmarks.speed.measures import Spot, Spots
from tests.benchmarks.speed.plan import Window
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

_NO_PHOTO = np.zeros((10, 10, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Scene:
    """One stream: JPEG `frames` of `width` x `height` pixels, `fps` of them a second.

    `truth`: for each frame, who may be named and where. Whoever else is named is named wrongly.
    """

    key: str
    title: str
    fps: float
    width: int
    height: int
    frames: tuple[bytes, ...]
    truth: tuple[Spots, ...]


@dataclass(frozen=True)
class _Video:
    file: str
    title: str
    truth: Callable[[int], Spots]


def _singer(frame: int) -> Spots:
    return (Spot(people.MIRANDA, EVERYWHERE),) if frame < SINGER_FRAMES else ()


def _nobody(frame: int) -> Spots:
    return ()


_VIDEOS = {
    "hamilton": _Video("hamilton.mp4", "Stage, hard cuts", _singer),
    "webcam": _Video("webcam_turning.mp4", "Head turning", _nobody),
    "talking": _Video("talking.mp4", "Talking", _nobody),
}


def build(windows: Mapping[str, Window]) -> tuple[list[Scene], list[str]]:
    """The scenes whose material is there, and the titles of those left out.

    Raises SamplesUnavailable, OSError.
    """
    scenes: list[Scene] = []
    missing: list[str] = []
    for key, window in windows.items():
        if key not in _VIDEOS:
            scenes.append(_simulated(key, window))
        elif (DATA / "stream" / _VIDEOS[key].file).exists():
            scenes.append(_from_video(key, window))
        else:
            missing.append(_VIDEOS[key].title)
    return scenes, missing


def _scene(
    key: str, title: str, fps: float, pictures: Iterable[Image], truth: Callable[[int], Spots]
) -> Scene:
    sent = [encode_within(picture, SEND_WIDTH, QUALITY, LIMITS) for picture in pictures]
    frames = tuple(frame.jpeg for frame in sent)
    return Scene(
        key, title, fps, sent[0].width, sent[0].height, frames, tuple(truth(at) for at in range(len(sent)))
    )


def _from_video(key: str, window: Window) -> Scene:
    video = _VIDEOS[key]
    capture = cv2.VideoCapture(str(DATA / "stream" / video.file))
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
        return _scene(
            key, video.title, fps, _read(capture, window), lambda at: video.truth(window.first + at)
        )
    finally:
        capture.release()


def _read(capture: cv2.VideoCapture, window: Window) -> Iterator[Image]:
    for _ in range(window.first):  # seeking is not exact in every format
        capture.grab()
    for _ in range(window.count):
        there, picture = capture.read()
        if not there:
            return
        yield picture


def _simulated(key: str, window: Window) -> Scene:
    title, photo, spots = _staged(key)
    pictures = standing(photo, window.count) if spots else empty(window.count)
    return _scene(key, title, CAMERA_FPS, pictures, lambda at: spots)


def _staged(key: str) -> tuple[str, Image, Spots]:
    if key == "door":
        photo = people.photograph(people.visitor())
        return "One at the door", photo, (Spot(people.OBAMA, EVERYWHERE),)
    if key == "two":
        portraits = people.pair()
        return "Two people", people.side_by_side(portraits, 2), _grid(portraits, 2)
    if key == "four":
        portraits = people.quartet()
        return "Four people", people.side_by_side(portraits, 2), _grid(portraits, 2)
    return "Nobody", _NO_PHOTO, ()


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


def standing(photo: Image, count: int, fps: float = CAMERA_FPS, seed: int = 0) -> Iterator[Image]:
    """`count` pictures of somebody who is there from the first one on, for at most `VISIT_SECONDS`."""
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
