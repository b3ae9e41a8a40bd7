"""Faces as SFace sees them: aligned by YuNet's five points."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.alignment import align
from server.vision.embedders.sface import load_embedder
from server.vision.picture import Picture
from server.vision.quality import Limits, sidewards
from server.vision.recognition import Aligned
from server.vision.yunet import Yunet, best_at
from server.weights import SFACE, YUNET, read_weights
from wire import Box

LIMITS = Limits(
    width=40,
    sharpness=4.0,
    photo_sharpness=6.0,
    dark=20.0,
    bright=230.0,
    flat=4.0,
    away=0.3,
    face=np.s_[30:100, 22:90],
)
MARGIN = 0.5
"""How much around the box the five points are looked for, in sides of it."""
FACE_SIDE = 80
"""Side of the box, in pixels, when they are looked for."""
LEAST_SCORE = 0.3
"""The face is known to be there."""


class SfaceRecognition:
    """Raises WeightsError, cv2.error for what is no network."""

    limits = LIMITS

    def __init__(self, weights: Path, cache: Path) -> None:
        """`weights`: folder in which they may lie. `cache`: folder for the converted embedding network."""
        self.embedder = load_embedder(read_weights(SFACE, weights), cache)
        self._yunet = Yunet(read_weights(YUNET, weights))

    def align(self, picture: Picture, box: Box) -> Aligned | None:
        """The face in `box`; None where YuNet sees none."""
        points = self._points(picture, box)
        if points is None:
            return None
        return Aligned(align(picture, points), sidewards(*points[:3]))

    def _points(self, picture: Picture, box: Box) -> NDArray[np.float64] | None:
        """YuNet's five points of the face in `box`, float64[5, 2], pixels of the picture."""
        margin = round(MARGIN * max(box.width, box.height))
        top, left = max(0, box.top - margin), max(0, box.left - margin)
        crop = picture[top : box.bottom + margin, left : box.right + margin]
        scale = FACE_SIDE / max(box.width, box.height, 1)
        size = max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(crop, size, interpolation=method), np.uint8)
        wanted = Box(
            top=round((box.top - top) * scale),
            right=round((box.right - left) * scale),
            bottom=round((box.bottom - top) * scale),
            left=round((box.left - left) * scale),
        )
        found = best_at(self._yunet.detect(small, LEAST_SCORE), wanted)
        return None if found is None else (found.points + 0.5) / scale - 0.5 + (left, top)
