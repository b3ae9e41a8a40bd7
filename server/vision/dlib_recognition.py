"""Faces as dlib's ResNet sees them: aligned by five landmarks, as face_recognition does it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.vision.embedders.resnet import SIDE, load_embedder
from server.vision.picture import Picture
from server.vision.quality import Limits, sidewards
from server.vision.recognition import Aligned
from server.weights import dlib_weights
from wire import Box

LIMITS = Limits(
    width=40,
    sharpness=1.3,
    photo_sharpness=2.0,
    dark=20.0,
    bright=230.0,
    flat=0.033,
    away=0.3,
    face=np.s_[40:120, 35:115],
)
"""Measured on 100 faces of LFW, by how far the unit embedding moves; 0.27 lie between two photos of one
person. `width`: it moves by 0.13 at 40 pixels and 0.19 at 30. `sharpness`: Gaussian blur of sigma 2 on the
chip leaves 1.3 to 3.0 and moves it by 0.21; sigma 3 leaves 0.9 to 1.8 and moves it by 0.30. `dark`,
`bright`: at a quarter of the light (25 to 41) it moves by 0.17, at an eighth (11 to 19) by 0.27; overexposed
to a mean of 222 by 0.21, of 244 by 0.34. `away`: 0.01 a degree."""


class DlibRecognition:
    """Raises ImportError without dlib, RuntimeError without its weights, OSError for unreadable ones."""

    limits = LIMITS

    def __init__(self, cache: Path) -> None:
        """`cache`: folder for the converted embedding network."""
        import dlib

        self._dlib = dlib
        self._landmarks = dlib.shape_predictor(str(dlib_weights("shape_predictor_5_face_landmarks.dat")))
        self.embedder = load_embedder(dlib_weights("dlib_face_recognition_resnet_model_v1.dat"), cache)

    def align(self, picture: Picture, box: Box, points: NDArray[np.float64] | None = None) -> Aligned:
        """The face in `box`, whatever is there; `points` are not used."""
        shape = self._landmarks(picture, self._dlib.rectangle(box.left, box.top, box.right, box.bottom))
        points = np.array([(point.x, point.y) for point in shape.parts()], np.float64)
        right, left, nose = points[0:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
        return Aligned(self._dlib.get_face_chip(picture, shape, size=SIDE), sidewards(right, left, nose))
