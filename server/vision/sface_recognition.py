"""Faces as SFace sees them: aligned by YuNet's five points."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.vision.alignment import align, find_points
from server.vision.embedders.sface import load_embedder
from server.vision.picture import Picture
from server.vision.quality import Limits, sidewards
from server.vision.recognition import Aligned
from server.vision.yunet import Yunet
from server.weights import SFACE, YUNET, read_weights
from wire import Box

LIMITS = Limits(
    width=40,
    sharpness=6.0,
    photo_sharpness=8.0,
    dark=20.0,
    bright=230.0,
    flat=4.0,
    away=0.3,
    face=np.s_[30:100, 22:90],
)


class SfaceRecognition:
    """Raises WeightsError, cv2.error for what is no network."""

    limits = LIMITS

    def __init__(self, weights: Path, cache: Path) -> None:
        """`weights`: folder in which they may lie. `cache`: folder for the converted embedding network."""
        self.embedder = load_embedder(read_weights(SFACE, weights), cache)
        self._yunet = Yunet(read_weights(YUNET, weights))

    def align(self, picture: Picture, box: Box, points: NDArray[np.float64] | None = None) -> Aligned | None:
        if points is None:
            points = find_points(self._yunet, picture, box)
        if points is None:
            return None
        return Aligned(align(picture, points), sidewards(*points[:3]))
