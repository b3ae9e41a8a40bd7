"""A frame as the server accepts it: small enough in pixels and in bytes."""

import math
from typing import NamedTuple

import cv2

from client.camera.frames import Image, resized
from wire import Limits

QUALITY_STEP = 15
LOWEST_QUALITY = 40
"""Below this JPEG blocks disturb a face encoding more than fewer pixels do."""
SHRINK = 0.8
SMALLEST_WIDTH = 32
"""A picture narrower than this shows no face: give up instead."""


class Encoded(NamedTuple):
    """A JPEG with its size in pixels."""

    jpeg: bytes
    width: int
    height: int


class LimitsTooSmallError(Exception):
    """No useful picture fits the server's limits."""


def encode_within(image: Image, width: int, quality: int, limits: Limits) -> Encoded:
    """`image` as JPEG: at most `width` pixels wide and within `limits`.

    Lowers the quality first, then the size. Raises LimitsTooSmallError.
    """
    height, full_width = image.shape[:2]
    scale = min(1.0, width / full_width, math.sqrt(limits.frame_pixels / (height * full_width)))
    while True:
        small = resized(image, scale)
        small_height, small_width = small.shape[:2]
        if small_width < min(SMALLEST_WIDTH, full_width):
            raise LimitsTooSmallError(
                f"the server accepts {limits.frame_bytes} bytes and {limits.frame_pixels} pixels a frame:"
                " no picture fits"
            )
        if small_height * small_width <= limits.frame_pixels:
            for tried in _qualities(quality):
                jpeg = _encode(small, tried)
                if len(jpeg) <= limits.frame_bytes:
                    return Encoded(jpeg, small_width, small_height)
        scale *= SHRINK


def _qualities(quality: int) -> list[int]:
    return [quality, *range(quality - QUALITY_STEP, LOWEST_QUALITY - 1, -QUALITY_STEP)]


def _encode(image: Image, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return data.tobytes()
