"""Visits as a terminal would send them: frames of the simulated camera."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

import cv2
import numpy as np

from client.camera.simulated import EMPTY_SECONDS, HEIGHT, VISIT_SECONDS, WIDTH, frame_at
from server.access.attention import WAIT_SECONDS
from server.access.visit import Care
from tests.support.blackbox import BlackBox
from tests.support.photos import photo

FPS = 5.0


def empty_scene() -> bytes:
    return encoded(frame_at(np.zeros((10, 10, 3), np.uint8), 0.0))


def person(name: str) -> Iterator[bytes]:
    """JPEG frames of the person on the sample photo `name`, as long as the visit lasts."""
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    for index in range(int(VISIT_SECONDS * FPS)):
        yield encoded(frame_at(picture, EMPTY_SECONDS + index / FPS))


def as_filmed(frames: Iterable[bytes]) -> Iterator[bytes]:
    """The frames, not much faster than a camera makes them."""
    for frame in frames:
        time.sleep(0.5 / FPS)
        yield frame


def unhurried(frames: Iterable[bytes], count: int) -> Iterator[bytes]:
    """`count` of the frames, so far apart that the server takes a look at the face in each."""
    for at, frame in enumerate(islice(frames, count)):
        if at:
            time.sleep(WAIT_SECONDS[Care.GATHER] + 0.05)
        yield frame


def side_by_side(left: str, right: str) -> bytes:
    """Two people in one frame."""
    halves = []
    for name in (left, right):
        picture = cv2.imread(str(photo(name)))
        assert picture is not None
        face = picture[: int(picture.shape[1] * 1.2)]
        halves.append(cv2.resize(face, (WIDTH // 2, HEIGHT)))
    return encoded(np.hstack(halves))


def encoded(picture: "cv2.typing.MatLike") -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def visit(terminal: BlackBox, name: str) -> list[dict[str, object]]:
    """Show a whole visit; returns the answers."""
    return [terminal.show(frame) for frame in as_filmed(person(name))]
