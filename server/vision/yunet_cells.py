"""The cells YuNet divides a picture into, and the faces in them, decoded as by OpenCV's FaceDetectorYN.

There are cells of 8, of 16 and of 32 pixels, row by row. Each has 16 values: how likely it is a face, how
likely anything, both 0 to 1; where the middle of its box lies from the corner of the cell, and the logarithms
of the box's sides; where its five points lie from that corner; all in sides of the cell.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
"""Sides of the cells in pixels; the sides of the picture are multiples of the last."""
PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""The network's names for the values of a cell, and how many there are of each."""
LIKELIHOODS = ("cls", "obj")
VALUES = sum(PARTS.values())
OVERLAPPING = 0.3
"""Of two detections that overlap more the better one stays."""
MOST_FACES = 64
"""How many detections are looked at."""


def padded(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with black beside and below it, uint8[rows, columns, 3], so that cells fill it.

    `picture`: uint8[h, w, 3] or uint8[h, w], gray. At least two of the largest cells lie beside and below
    each other: of one alone OpenCV (4.14) makes nonsense, as it reads beyond it.
    """
    height, width = picture.shape[:2]
    rows, columns = (max(2, -(-side // STRIDES[-1])) * STRIDES[-1] for side in (height, width))
    canvas = np.zeros((rows, columns, 3), np.uint8)
    canvas[:height, :width] = picture if picture.ndim == 3 else picture[..., np.newaxis]
    return canvas


def decoded(cells: NDArray[np.float32], size: tuple[int, int], least_score: float) -> NDArray[np.float32]:
    """The faces, float32[n, 15], the best first: left, top, width and height of the box, five points, score.

    `cells`: float32[cells, 16]. `size`: rows and columns of the padded picture.
    """
    scores = np.sqrt(cells[:, 0] * cells[:, 1])
    (at,) = np.nonzero(scores >= least_score)
    values, places, likely = cells[at], _places(*size)[at], scores[at]
    strides = places[:, -1:]
    sides = np.exp(values[:, 4:6]) * strides
    rows = (values[:, 2:] + places[:, :-1]) * strides
    rows[:, :2] -= sides / 2
    rows[:, 2:4] = sides
    pixels = np.trunc(rows[:, :4]).tolist()  # OpenCV compares whole ones
    best = cv2.dnn.NMSBoxes(pixels, likely.tolist(), least_score, OVERLAPPING, top_k=MOST_FACES)
    return np.column_stack([rows, likely])[np.asarray(best, np.intp)]


@lru_cache(maxsize=16)
def _places(rows: int, columns: int) -> NDArray[np.float32]:
    """For each cell of a picture of this size its column and row, seven times, and its side:
    float32[cells, 15]."""
    levels = []
    for stride in STRIDES:
        row, column = np.indices((rows // stride, columns // stride)).reshape(2, -1)
        levels.append(np.column_stack([column, row] * 7 + [np.full(row.size, stride)]))
    places: NDArray[np.float32] = np.concatenate(levels).astype(np.float32)
    return places
