"""How a face looks, cheaply: enough to notice that another one may have taken its place."""

import cv2
import numpy as np
from numpy.typing import NDArray

from wire import Box

PATCH = 16
"""Side of a patch in cells."""
SURROUNDINGS = 2.0
"""Standard deviation, in cells, of what counts as a cell's surroundings."""
DARK = 8
"""Grey levels added before the logarithm: below them noise is all that differs."""
FLAT = 1e-3
SHARPNESS_SIDE = 80
SAME_LOOK = 0.85
"""Correlation of two patches below which the face may be another one. Of 245,000 pairs of different people
(700 of LFW, each in its own box), in even, soft and strong side light, 1 in 1,000 reaches 0.70, 1 in 100,000
0.83, and one or two are above 0.85. Of 200 pairs of frames, 80 ms apart, of a man who turns his head 82 % are
above it in the place where he was, 91 % there or in the new one; of a man who talks 99 %."""


def patch(gray: NDArray[np.uint8], box: Box, scale: float) -> bytes:
    """What `box` (pixels of the frame) shows, as the bytes of uint8[16, 16].

    `gray`: uint8[h, w], `scale` times the frame's size.
    """
    small = cv2.resize(_cut(gray, box, scale), (PATCH, PATCH), interpolation=cv2.INTER_AREA)
    return small.tobytes()


def correlation(one: bytes, other: bytes) -> float:
    """How alike two patches are, -1 to 1: normalised cross-correlation of what is left when the light, which
    varies slowly from cell to cell, has been taken out; 0 when one of them is flat."""
    a, b = (_relief(each) for each in (one, other))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / norm if norm > FLAT else 0.0


def _relief(cells: bytes) -> NDArray[np.float32]:
    """The logarithm of brightness against its surroundings: light multiplies what it falls upon."""
    level = np.log(np.frombuffer(cells, np.uint8).reshape(PATCH, PATCH).astype(np.float32) + DARK)
    relief = level - cv2.GaussianBlur(level, (0, 0), SURROUNDINGS)
    return np.asarray(relief - relief.mean(), np.float32)


def sharpness(gray: NDArray[np.uint8], box: Box, scale: float) -> float:
    """`laplacian_variance` of the face in `box`, brought to one size: higher is sharper."""
    face = cv2.resize(_cut(gray, box, scale), (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    return laplacian_variance(np.asarray(face, np.uint8))


def laplacian_variance(gray: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of uint8[h, w] (Pech-Pacheco et al., 2000)."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def _cut(gray: NDArray[np.uint8], box: Box, scale: float) -> NDArray[np.uint8]:
    """At least one pixel, also of a box that lies outside."""
    height, width = gray.shape
    top, left = min(int(box.top * scale), height - 1), min(int(box.left * scale), width - 1)
    return gray[top : max(top + 1, int(box.bottom * scale)), left : max(left + 1, int(box.right * scale))]
