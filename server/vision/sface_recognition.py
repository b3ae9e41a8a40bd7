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
from server.weights import SFACE, read_weights
from wire import Box

LIMITS = Limits(
    width=40,
    sharpness=2.0,
    photo_sharpness=4.5,
    dark=16.0,
    bright=225.0,
    flat=0.055,
    away=0.3,
    face=np.s_[30:100, 22:90],
)
"""Measured on 350 people of LFW, one photo clean and one spoilt. A spoilt look at somebody enrolled by a
clean photo never let more strangers in than a clean one (at most 0.9 times as many at 1 in 10,000): it only
keeps people out. What is given is the share of looks refused so, 2.3 % when clean; and for spoilt photos,
where both pictures are so, how many times as many strangers come out within 1 in 10,000. `width`: 3.1 % at 40
pixels, 5.1 at 30, 11 at 25, 21 at 20; strangers 0.3 to 2.5 times. `sharpness`: blur of sigma 2 (the face 80
pixels wide) leaves 4.4 in the median: 6.9 %, strangers 3 times; of 3, 2.3: 26 %, 7 times; of 4: 65 %, 24
times. Motion of 7 pixels leaves 6.4: 6 %, 2 times; of 10, 3.8: 18 %, 20 times; of 14, 3.1: 50 %, 85 times.
Clean photos of LFW have 19 or more, 40 pixels wide ones 8. `dark`: at a mean of 19 10 %, strangers 1 time; of
13 33 %, 2 times; of 8 85 %, 190 times. `bright`: of 185 4 %, 1.3 times; of 233 44 %, 50 times. `flat`:
contrast shrunk to 0.3 leaves 0.09: 6 %, 0.5 times; to 0.15, 0.043: 53 %, 67 times."""


class SfaceRecognition:
    """Raises WeightsError, cv2.error for what is no network."""

    limits = LIMITS

    def __init__(self, weights: Path, cache: Path, yunet: Yunet) -> None:
        """`weights`: folder in which SFace's may lie. `cache`: folder for the converted network. `yunet`:
        finds the points of faces that come without."""
        self.embedder = load_embedder(read_weights(SFACE, weights), cache)
        self._yunet = yunet

    def align(self, picture: Picture, box: Box, points: NDArray[np.float64] | None = None) -> Aligned | None:
        if points is None:
            points = find_points(self._yunet, picture, box)
        if points is None:
            return None
        return Aligned(align(picture, points), sidewards(*points[:3]))
