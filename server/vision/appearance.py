"""How a face looks, cheaply: enough to notice that another one may have taken its place."""

import cv2
import numpy as np
from numpy.typing import NDArray

from wire import Box

PATCH = 16
"""Side of a patch in cells."""
SHARPNESS_SIDE = 80
SAME_LOOK = 0.8
"""Correlation of two patches of the same place below which the face may be another one. Of 400
pairs of different people (LFW, boxes aligned) none came above 0.74; a talking person stays above 0.9."""


def patch(gray: NDArray[np.uint8], box: Box, scale: float) -> bytes:
    """What `box` (pixels of the frame) shows, as the bytes of uint8[16, 16].

    `gray`: uint8[h, w], `scale` times the frame's size.
    """
    small = cv2.resize(_cut(gray, box, scale), (PATCH, PATCH), interpolation=cv2.INTER_AREA)
    return small.tobytes()


def correlation(one: bytes, other: bytes) -> float:
    """Normalised cross-correlation of two patches, -1 to 1; 0 when one of them is flat."""
    a, b = (np.frombuffer(each, np.uint8).reshape(PATCH, PATCH) for each in (one, other))
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    return float(cv2.matchTemplate(a, b, cv2.TM_CCOEFF_NORMED)[0, 0])


def sharpness(gray: NDArray[np.uint8], box: Box, scale: float) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., 2000) of the face at one size: higher is sharper."""
    face = cv2.resize(_cut(gray, box, scale), (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(face, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def _cut(gray: NDArray[np.uint8], box: Box, scale: float) -> NDArray[np.uint8]:
    top, left = int(box.top * scale), int(box.left * scale)
    return gray[top : max(top + 1, int(box.bottom * scale)), left : max(left + 1, int(box.right * scale))]
