"""Frames that fit the server's limits."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from client.connection.jpeg import LimitsTooSmallError, encode_within
from wire import Limits

NOISE = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
ROOMY = Limits(10**7, 10**8)


def decoded(jpeg: bytes) -> NDArray[Any]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_scaled_down_to_the_width_but_never_up() -> None:
    encoded = encode_within(NOISE, 640, 85, ROOMY)
    assert (encoded.width, encoded.height) == (640, 360)
    assert decoded(encoded.jpeg).shape == (360, 640, 3)
    assert encode_within(NOISE, 3840, 85, ROOMY).width == 1280


def test_quality_is_lowered_before_the_size() -> None:
    best = encode_within(NOISE, 640, 85, ROOMY)
    encoded = encode_within(NOISE, 640, 85, Limits(len(best.jpeg) - 1, 10**8))
    assert len(encoded.jpeg) < len(best.jpeg)
    assert encoded.width == 640


@pytest.mark.parametrize("frame_bytes", [200_000, 20_000, 2_000])
def test_bytes_limit(frame_bytes: int) -> None:
    encoded = encode_within(NOISE, 640, 85, Limits(frame_bytes, 10**8))
    assert len(encoded.jpeg) <= frame_bytes
    assert decoded(encoded.jpeg).shape == (encoded.height, encoded.width, 3)


@pytest.mark.parametrize("frame_pixels", [640 * 360, 640 * 360 - 1, 10_000])
def test_pixel_limit(frame_pixels: int) -> None:
    encoded = encode_within(NOISE, 640, 85, Limits(10**7, frame_pixels))
    assert 0.6 * frame_pixels < encoded.width * encoded.height <= frame_pixels


@pytest.mark.parametrize("limits", [Limits(100, 10**8), Limits(10**7, 10), Limits(0, 0)])
def test_limits_that_no_picture_fits(limits: Limits) -> None:
    with pytest.raises(LimitsTooSmallError, match="no picture fits"):
        encode_within(NOISE, 640, 85, limits)
