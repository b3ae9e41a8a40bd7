"""The face detector YuNet: boxes, and five points that faces are aligned by."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.boxes import overlap
from wire import Box

LEAST_SCORE = 0.6
"""OpenCV's own default is 0.9."""
OVERLAPPING = 0.3
"""Of two detections that overlap more the better one stays."""
MOST_FACES = 64
"""How many detections are looked at."""


class YunetFace(NamedTuple):
    """A detected face, in pixels of the picture. `points`: float64[5, 2], x before y, its right eye, its left
    eye, the tip of its nose, the right and the left corner of its mouth, "right" being the person's own.
    `score`: 0 to 1. `side`: the root of the area of its box, whose part outside of the picture is counted."""

    box: Box
    points: NDArray[np.float64]
    score: float
    side: float


class Yunet:
    """The network, read by OpenCV. Not to be shared between threads."""

    def __init__(self, model: bytes) -> None:
        buffer = np.frombuffer(model, np.uint8)
        self._detector = cv2.FaceDetectorYN.create(
            "onnx", buffer, np.empty(0, np.uint8), (32, 32), LEAST_SCORE, OVERLAPPING, MOST_FACES
        )

    def detect(self, picture: NDArray[np.uint8], least_score: float = LEAST_SCORE) -> list[YunetFace]:
        """The faces of a picture, the best first, clipped to it: from about 10 pixels on. The work grows with
        the picture.

        `picture`: uint8[h, w, 3], RGB, or uint8[h, w], gray, in which small faces are not found so well.
        """
        to_bgr = cv2.COLOR_RGB2BGR if picture.ndim == 3 else cv2.COLOR_GRAY2BGR
        height, width = picture.shape[:2]
        self._detector.setInputSize((width, height))
        self._detector.setScoreThreshold(least_score)
        _, rows = self._detector.detect(cv2.cvtColor(picture, to_bgr))
        faces = [_face(row, width, height) for row in (() if rows is None else rows)]
        kept = [face for face in faces if face is not None]
        return sorted(kept, key=lambda face: face.score, reverse=True)


def _face(row: NDArray[np.float32], width: int, height: int) -> YunetFace | None:
    """A row of 15 numbers: box, points, score. None for one that lies outside of the picture."""
    if not np.isfinite(row).all():
        return None
    left, top, wide, high = (float(value) for value in row[:4])
    box = Box(
        top=min(max(0, round(top)), height),
        right=min(max(0, round(left + wide)), width),
        bottom=min(max(0, round(top + high)), height),
        left=min(max(0, round(left)), width),
    )
    if box.width <= 0 or box.height <= 0:
        return None
    points = row[4:14].reshape(5, 2).astype(np.float64)
    return YunetFace(box, points, float(row[14]), math.sqrt(wide * high))


def best_at(faces: list[YunetFace], box: Box) -> YunetFace | None:
    """The face that overlaps most with `box`; None when none does."""
    overlapping = [face for face in faces if overlap(face.box, box) > 0]
    return max(overlapping, key=lambda face: overlap(face.box, box), default=None)
