"""Faces turned upright and scaled as SFace wants them, by YuNet's five points."""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.picture import Picture

TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""Where the five points shall be in a chip, float64[5, 2]: those that the network was trained with
(OpenCV)."""
SIDE = 112
"""Of a chip, in pixels."""


def align(picture: Picture, points: NDArray[np.float64]) -> Picture:
    """The chip, uint8[112, 112, 3], of the face in a picture (RGB) whose five `points` are float64[5, 2],
    pixels of the picture in the order of `YunetFace`; black where it lies outside of the picture."""
    return np.asarray(cv2.warpAffine(picture, similarity(points, TEMPLATE), (SIDE, SIDE)), np.uint8)


def similarity(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift, float64[2, 3], that bring `points` nearest to the `wanted` ones by the sum
    of squares (Umeyama); both float64[n, 2], of `points` not all the same."""
    centre, target = points.mean(axis=0), wanted.mean(axis=0)
    at, to = ((each - mean) @ (1, 1j) for each, mean in ((points, centre), (wanted, target)))
    factor = np.vdot(at, to) / np.vdot(at, at).real
    turn = np.array([(factor.real, -factor.imag), (factor.imag, factor.real)])
    return np.column_stack([turn, target - turn @ centre])
