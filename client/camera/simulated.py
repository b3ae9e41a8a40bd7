"""A simulated camera: photos become visitors who stand, and move a little, in front of the door.

Pure: the same photo, time and seed give the same picture.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np

from client.camera.frames import Image, resized

WIDTH, HEIGHT = 640, 480
FPS = 15.0
EMPTY_SECONDS = 1.5
"""Empty scene before and after each visit."""
VISIT_SECONDS = 6.0
SECONDS = EMPTY_SECONDS + VISIT_SECONDS + EMPTY_SECONDS
"""From one visitor's empty scene to the next one's."""

BACKGROUND = (46, 43, 40)
NOISE = 3.0
"""Standard deviation of the sensor noise, in grey levels: a webcam under indoor light."""
ZOOM = (0.86, 0.96)
"""Size of the photo relative to one that just fits the view; with SWAY the head stays inside."""
SWAY = (0.04, 0.015)
"""How far the photo moves from the centre, as fractions of the view's width and height."""
DRIFT = 0.07
"""How much the light varies."""


def fitted(photo: Image) -> Image:
    """`photo` shrunk to fit the view. Doing it once makes `frame_at` cheaper; twice changes nothing."""
    height, width = photo.shape[:2]
    return resized(photo, min(1.0, WIDTH / width, HEIGHT / height))


def frame_at(photo: Image, seconds: float, seed: int = 0) -> Image:
    """The camera's picture `seconds` after the empty scene before a visit began.

    photo: uint8 (h, w, 3) BGR of any size. Returns uint8 (480, 640, 3) BGR. The visitor is there from
    EMPTY_SECONDS to EMPTY_SECONDS + VISIT_SECONDS. `seed` varies the movement and the noise.
    """
    scene: Image = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    if EMPTY_SECONDS <= seconds < EMPTY_SECONDS + VISIT_SECONDS:
        scene = _with_visitor(scene, fitted(photo), seconds - EMPTY_SECONDS, seed)
    light = 1 + DRIFT * math.sin(2 * math.pi * (seconds / 5 + seed * 0.37))
    scene = cv2.convertScaleAbs(scene, alpha=light)
    return cv2.add(scene, _noise_at(seconds, seed), dtype=cv2.CV_8U)


def visit_frames(photo: Image, fps: float = FPS, seed: int = 0) -> Iterator[Image]:
    """The pictures of one visit, `fps` of them for every second."""
    small = fitted(photo)
    for index in range(round(SECONDS * fps)):
        yield frame_at(small, index / fps, seed)


def _with_visitor(scene: Image, photo: Image, seconds: float, seed: int) -> Image:
    height, width = photo.shape[:2]
    phase = seed * 1.7
    middle, swing = sum(ZOOM) / 2, (ZOOM[1] - ZOOM[0]) / 2
    zoom = min(WIDTH / width, HEIGHT / height) * (middle + swing * math.sin(0.9 * seconds + phase))
    # A slow sway and a quick, small tremble: frequencies that never line up.
    x = WIDTH * (0.5 + SWAY[0] * math.sin(1.1 * seconds + phase)) + 1.2 * math.sin(17 * seconds + phase)
    y = HEIGHT * (0.5 + SWAY[1] * math.sin(1.6 * seconds + phase)) + 1.0 * math.sin(23 * seconds + phase)
    move = np.array([[zoom, 0, x - zoom * width / 2], [0, zoom, y - zoom * height / 2]])
    return cv2.warpAffine(
        photo, move, (WIDTH, HEIGHT), dst=scene, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )


@lru_cache(maxsize=2)
def _noise_sheet(seed: int) -> Image:
    random = np.random.default_rng(seed)
    return random.normal(0, NOISE, (HEIGHT, WIDTH, 3)).round().astype(np.int16)


def _noise_at(seconds: float, seed: int) -> Image:
    """One sheet of noise, shifted anew for each moment: fresh noise would cost more than all the rest."""
    shift = np.random.default_rng((seed, round(seconds * 1000))).integers(0, (HEIGHT, WIDTH))
    return np.roll(_noise_sheet(seed), tuple(shift), axis=(0, 1))
