"""The idle rate: while nothing moves and nobody is seen, few pictures are worth sending. Pure."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from client.camera.frames import CapturedFrame, Image, resized

IDLE_SECONDS = 0.5
"""Pause between two pictures at the idle rate. The screen shows an answer as current for a second."""
HOLD_SECONDS = 2.0
"""How long every picture is offered after something moved or a face was seen."""
SHORTER_SIDE = 120
"""The thumbnail has at least so many cells, and fewer than twice as many: some 4 pixels of 480 are one."""
BLOCK = 4
"""Side, in cells, of the blocks that are compared: the smallest face that is looked for covers nine."""
MOVED_BLOCKS = 2
"""So many must have changed: less is no visitor."""
NOISE = 8
"""By how many grey levels a block may change on its own. Sensor noise all but averages out; compression does
not."""
LIGHT = 0.06
"""By which share a block's brightness may change: clouds, lamps on alternating current, automatic gain."""
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class StillRange:
    """What each block of a picture may become while nothing moves: float32 (rows, columns) grey levels."""

    lowest: NDArray[np.float32]
    highest: NDArray[np.float32]

    @classmethod
    def around(cls, thumbnail: Image) -> "StillRange":
        """A camera that shakes puts one of the neighbouring cells in a cell's place."""
        darkest = _blocks(cv2.erode(thumbnail, _NEIGHBOURS)).astype(np.float32)
        brightest = _blocks(cv2.dilate(thumbnail, _NEIGHBOURS)).astype(np.float32)
        return cls(darkest * (1 - LIGHT) - NOISE, brightest * (1 + LIGHT) + NOISE)

    def holds(self, thumbnail: Image) -> bool:
        """Whether a picture differs from this one by noise, light and shaking only."""
        blocks = _blocks(thumbnail)
        if blocks.shape != self.lowest.shape:
            return False
        outside = (blocks < self.lowest) | (blocks > self.highest)
        return int(outside.sum()) < MOVED_BLOCKS


class IdleRate:
    """Decides for each picture of one connection. Seconds are those of `CapturedFrame.captured`."""

    def __init__(self, hold_seconds: float = HOLD_SECONDS) -> None:
        self._hold_seconds = hold_seconds
        self._still: StillRange | None = None
        self._sent = -math.inf
        self._stirred = -math.inf
        """When something was last seen to move, or a face, or the server could not look."""
        self._empty = -math.inf
        """When the newest picture was taken in which the server found nobody."""

    def due(self, frame: CapturedFrame) -> bool:
        """Whether to send `frame`, which then counts as sent."""
        thumbnail = _thumbnail(frame.image)
        if self._still is None or not self._still.holds(thumbnail):
            self._stirred = frame.captured
        at_rest = self._empty >= self._stirred and frame.captured - self._stirred >= self._hold_seconds
        if at_rest and frame.captured - self._sent < IDLE_SECONDS:
            return False
        self._sent = frame.captured
        self._still = StillRange.around(thumbnail)
        return True

    def answered(self, captured: float, nobody: bool) -> None:
        """The server has found `nobody` in the picture captured then; False also where it could not look."""
        if nobody:
            self._empty = captured
        else:
            self._stirred = max(self._stirred, captured)


def _thumbnail(image: Image) -> Image:
    """uint8 (rows, columns), grey: `image` halved until it has few cells, which costs the least."""
    grey: Image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    while min(grey.shape) >= 2 * SHORTER_SIDE:
        grey = resized(grey, 0.5)
    return grey


def _blocks(thumbnail: Image) -> Image:
    return resized(thumbnail, 1 / BLOCK)
