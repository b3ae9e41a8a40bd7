"""Whether a face in a frame is good enough to say who it is. Pure."""

import numpy as np
from numpy.typing import NDArray

from server.access.seen import Flaw
from server.vision.appearance import laplacian_variance
from server.vision.picture import Picture

MIN_WIDTH = 40
"""Pixels of the box. On 100 LFW faces the embedding moves by 0.13 (distance between unit embeddings) at 40
pixels and 0.19 at 30, against 0.27 between two photos of one person."""
MIN_SHARPNESS = 4.0
"""Variance of the Laplacian of the chip. Gaussian blur of sigma 2 on it leaves 3.8 to 9.0 and moves the
embedding by 0.21; sigma 3 leaves 2.8 to 5.3 and moves it by 0.30."""
DARK, BRIGHT = 20.0, 230.0
"""Mean of the face, of 255. At a quarter of the light (25 to 41) the embedding moves by 0.17, at an eighth
(11 to 19) by 0.27; overexposed to a mean of 222 by 0.21, of 244 by 0.34."""
FLAT = 4.0
"""Standard deviation of the face's pixels: less is noise, fog or a curtain."""
AWAY = 0.3
"""How far the nose may stand beside the middle of the eyes, in distances between them: 0.01 a degree."""
_FACE = np.s_[40:120, 35:115]
"""The part of a 150-pixel chip that is skin, eyes and mouth whatever hair and background are."""


def flaw(chip: NDArray[np.uint8], points: NDArray[np.float64], width: int) -> Flaw | None:
    """What is wrong with a face; None when it is fit to be compared. The first of several is told: a visitor
    can mend one at a time.

    `chip`: uint8[150, 150], the aligned face in gray. `points`: float64[5, 2], dlib's 5 points: the corners
    of one eye, of the other, and the base of the nose. `width`: of the box, in pixels of the frame.
    """
    face = chip[_FACE]
    mean = float(face.mean())
    if width < MIN_WIDTH:
        return Flaw.TOO_SMALL
    if mean < DARK:
        return Flaw.TOO_DARK
    if mean > BRIGHT or float(face.std()) < FLAT:
        return Flaw.TOO_BRIGHT
    if abs(sidewards(points)) > AWAY:
        return Flaw.LOOKING_AWAY
    return Flaw.TOO_BLURRED if laplacian_variance(chip) < MIN_SHARPNESS else None


def sidewards(points: NDArray[np.float64]) -> float:
    """How far the nose stands beside the middle of the eyes, along the line between them, in its lengths."""
    one, other = points[0:2].mean(axis=0), points[2:4].mean(axis=0)
    across = other - one
    return float((points[4] - (one + other) / 2) @ across / max(float(across @ across), 1e-9))


def gray(chip: Picture) -> NDArray[np.uint8]:
    """uint8[150, 150] of uint8[150, 150, 3], RGB: ITU-R BT.601."""
    return np.asarray(chip @ np.array([0.299, 0.587, 0.114]), np.uint8)
