"""Whether a face in a frame is good enough to say who it is. Pure."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.access.seen import Flaw
from server.vision.appearance import laplacian_variance
from server.vision.picture import Picture


class Limits(NamedTuple):
    """What a face must be like for one network, which was measured to know people from each other then.

    `width`: pixels of its box, at least. `sharpness`: variance of the Laplacian of its chip, at least;
    `photo_sharpness`: that of an enrolment photo. `dark`, `bright`: the least and the greatest mean of the
    face, of 255. `flat`: the least standard deviation of its pixels; less is noise, fog or a curtain. `away`:
    how far the nose may stand beside the middle of the eyes, in distances between them. `face`: rows and
    columns of a chip that are skin, eyes and mouth whatever hair and background are.
    """

    width: int
    sharpness: float
    photo_sharpness: float
    dark: float
    bright: float
    flat: float
    away: float
    face: Any


def flaw(chip: NDArray[np.uint8], beside: float, width: int, limits: Limits) -> Flaw | None:
    """What is wrong with a face; None when it is fit to be compared. The first of several is told: a visitor
    can mend one at a time.

    `chip`: uint8[side, side], the aligned face in gray. `beside`: as `sidewards` tells. `width`: of the box,
    in pixels of the frame.
    """
    face = chip[limits.face]
    mean = float(face.mean())
    if width < limits.width:
        return Flaw.TOO_SMALL
    if mean < limits.dark:
        return Flaw.TOO_DARK
    if mean > limits.bright or float(face.std()) < limits.flat:
        return Flaw.TOO_BRIGHT
    if abs(beside) > limits.away:
        return Flaw.LOOKING_AWAY
    return Flaw.TOO_BLURRED if laplacian_variance(chip) < limits.sharpness else None


def sidewards(right: NDArray[np.float64], left: NDArray[np.float64], nose: NDArray[np.float64]) -> float:
    """How far the nose stands beside the middle of the eyes, along the line between them, in its lengths.

    `right` and `left`: where the eyes are, `nose`: the nose, float64[2].
    """
    across = left - right
    return float((nose - (right + left) / 2) @ across / max(float(across @ across), 1e-9))


def gray(chip: Picture) -> NDArray[np.uint8]:
    """uint8[side, side] of uint8[side, side, 3], RGB: ITU-R BT.601."""
    return np.asarray(chip @ np.array([0.299, 0.587, 0.114]), np.uint8)
