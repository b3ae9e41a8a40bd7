"""Whether a face in a frame is good enough to say who it is. Pure."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.seen import Flaw, PhotoFlaw
from server.vision.picture import Picture

UNEVEN = 2.5
"""How many times as bright as the other half of the face one may be on an enrolment photo. Of 350 people lit
from the side (LFW, SFace) strangers both lit so are taken for each other twice as often at 2.3, six times at
3.4, 16 times at 5; in even light 19 in 20 are below 1.7."""
_SECOND = np.array([(0, 0, 0), (1, -2, 1), (0, 0, 0)], np.float32)
_DIAGONAL = np.array([(1, 0, 0), (0, -2, 0), (0, 0, 1)], np.float32) / np.sqrt(np.float32(2))
_DIFFERENCES = (_SECOND, _SECOND.T, _DIAGONAL, _DIAGONAL[:, ::-1])
"""Second differences along the row, the column and both diagonals."""


class Limits(NamedTuple):
    """What a face must be like for one network, which was measured to know people from each other then.

    `width`: pixels of its box, at least. `sharpness`: of its chip, at least; `photo_sharpness`: that of an
    enrolment photo. `dark`, `bright`: the least and the greatest mean of the face, of 255. `flat`: the least
    standard deviation of its pixels as a share of their mean; less is noise, fog or a curtain. `away`: how
    far the nose may stand beside the middle of the eyes, in distances between them. `face`: rows and columns
    of a chip that are skin, eyes and mouth whatever hair and background are.
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
    if mean > limits.bright or float(face.std()) < limits.flat * mean:
        return Flaw.TOO_BRIGHT
    if chip_sharpness(chip) < limits.sharpness:
        return Flaw.TOO_BLURRED
    return Flaw.LOOKING_AWAY if abs(beside) > limits.away else None


def photo_flaw(chip: NDArray[np.uint8], limits: Limits) -> PhotoFlaw | None:
    """What is wrong with the light or the sharpness of an enrolment photo; None when it is good enough.

    Stricter than `flaw`: whoever is enrolled by a bad photo is near to everybody whose look is as bad.
    `chip`: as there.
    """
    face = chip[limits.face].astype(np.float32)
    mean = float(face.mean())
    if mean < limits.dark:
        return PhotoFlaw.TOO_DARK
    if mean > limits.bright or float(face.std()) < limits.flat * mean:
        return PhotoFlaw.TOO_BRIGHT
    halves = [float(half.mean()) for half in np.array_split(face, 2, axis=1)]
    if max(halves) > UNEVEN * min(halves):
        return PhotoFlaw.UNEVEN_LIGHT
    return PhotoFlaw.TOO_BLURRED if chip_sharpness(chip) < limits.photo_sharpness else None


def chip_sharpness(chip: NDArray[np.uint8]) -> float:
    """The least variance of the second differences along four directions, of uint8[h, w]: higher is sharper.
    Motion blurs one direction only."""
    level = chip.astype(np.float32)
    return min(float(cv2.filter2D(level, -1, kernel).var()) for kernel in _DIFFERENCES)


def sidewards(right: NDArray[np.float64], left: NDArray[np.float64], nose: NDArray[np.float64]) -> float:
    """How far the nose stands beside the middle of the eyes, along the line between them, in its lengths.

    `right` and `left`: where the eyes are, `nose`: the nose, float64[2].
    """
    across = left - right
    return float((nose - (right + left) / 2) @ across / max(float(across @ across), 1e-9))


def gray(chip: Picture) -> NDArray[np.uint8]:
    """uint8[side, side] of uint8[side, side, 3], RGB: ITU-R BT.601."""
    return np.asarray(chip @ np.array([0.299, 0.587, 0.114]), np.uint8)
