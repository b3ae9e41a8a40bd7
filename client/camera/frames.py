"""Pictures on their way through the terminal."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[Any]
"""uint8, shape (height, width, 3), BGR."""


@dataclass(frozen=True, eq=False)
class CapturedFrame:
    """One picture of the source. `number` counts up from 1; `captured` is `time.monotonic()` seconds."""

    number: int
    image: Image
    captured: float


class Area(NamedTuple):
    """A rectangle as fractions of the picture's width and height, 0 to 1, whatever size it is shown at."""

    left: float
    top: float
    right: float
    bottom: float

    def mirrored(self) -> "Area":
        return Area(1 - self.right, self.top, 1 - self.left, self.bottom)


def area(left: float, top: float, right: float, bottom: float, width: int, height: int) -> Area:
    """A rectangle in pixels of a `width` x `height` picture as an Area, clipped to the picture."""

    def fraction(value: float, whole: int) -> float:
        return float(min(max(value, 0), whole) / whole)

    return Area(
        fraction(left, width), fraction(top, height), fraction(right, width), fraction(bottom, height)
    )


def resized(image: Image, scale: float) -> Image:
    """`image` scaled by `scale`, at least one pixel each way; the same object when nothing changes."""
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
