"""What a camera sees: somebody who is enrolled, a stranger, nobody, over and over."""

from dataclasses import dataclass

import cv2
import numpy as np

from client.camera.frames import Image
from client.camera.simulated import EMPTY_SECONDS, VISIT_SECONDS, fitted, frame_at
from tests.chaos.light_server import SHADES
from tests.support.enrolled import OBAMA
from tests.support.photos import photo

ENROLLED = OBAMA
FPS = 8
ENROLLED_SECONDS, STRANGER_SECONDS, EMPTY = 2.5, 2.0, 1.0
SECONDS = ENROLLED_SECONDS + STRANGER_SECONDS + EMPTY
"""Of one round: the stranger follows at once where the other stood."""


@dataclass(frozen=True)
class Film:
    """`pictures`: those of one round, `FPS` a second."""

    pictures: tuple[Image, ...]

    def at(self, seconds: float) -> Image:
        return self.pictures[int(seconds % SECONDS * FPS) % len(self.pictures)]

    def shows_enrolled(self, since: float, until: float) -> bool:
        """Whether somebody who is enrolled was in view at any time between."""
        return until - since >= SECONDS or any(
            at % SECONDS <= ENROLLED_SECONDS for at in np.arange(since, until + 0.01, 0.01)
        )


def film() -> Film:
    """Of real people: `OBAMA` is to be enrolled."""
    nobody = [frame_at(np.zeros((10, 10, 3), np.uint8), 0.0)] * round(EMPTY * FPS)
    return Film((*_visit("obama2", ENROLLED_SECONDS), *_visit("biden", STRANGER_SECONDS), *nobody))


def shades() -> Film:
    """As `film`, for a server that tells people by how bright they are."""
    seconds = (ENROLLED_SECONDS, STRANGER_SECONDS, EMPTY)
    pictures = []
    for shade, length in zip(SHADES, seconds, strict=True):
        pictures += [np.full((48, 64, 3), shade, np.uint8)] * round(length * FPS)
    return Film(tuple(pictures))


def _visit(name: str, seconds: float) -> list[Image]:
    picture = cv2.imread(str(photo(name)))
    assert picture is not None and seconds <= VISIT_SECONDS
    small = fitted(picture)
    return [frame_at(small, EMPTY_SECONDS + index / FPS) for index in range(round(seconds * FPS))]
