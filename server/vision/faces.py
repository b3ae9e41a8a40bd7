"""Finding faces and embedding them with dlib."""

from typing import Any

import cv2
import numpy as np

from server.vision.analysis import Embedding, Picture
from server.vision.models import Models
from wire import MAX_FACES, Box

HOG_WINDOW = 80
"""Smallest face, in pixels, that dlib's HOG detector was trained to find without upsampling."""


def find_faces(models: Models, picture: Picture, min_face: int) -> list[Box]:
    """Boxes of the frontal faces of about `min_face` pixels or more, largest first, clipped to the picture.

    The picture is searched in gray, scaled so that `min_face` meets the detector's smallest window: no
    pixel is searched at a finer scale than the smallest wanted face needs.
    """
    height, width = picture.shape[:2]
    scale = HOG_WINDOW / min_face
    if min(height, width) * scale < HOG_WINDOW:
        return []
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(gray, (round(width * scale), round(height * scale)), interpolation=interpolation)
    boxes = [_unscaled(found, scale, width, height) for found in models.detector(scaled, 0)]
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]


def _unscaled(found: Any, scale: float, width: int, height: int) -> Box:
    return Box(
        top=max(0, round(found.top() / scale)),
        right=min(width, round(found.right() / scale)),
        bottom=min(height, round(found.bottom() / scale)),
        left=max(0, round(found.left() / scale)),
    )


def _landmarks(models: Models, picture: Picture, box: Box) -> Any:
    import dlib

    return models.landmarks(picture, dlib.rectangle(box.left, box.top, box.right, box.bottom))


def embed(models: Models, picture: Picture, box: Box) -> Embedding:
    """The 128-d embedding of the face in `box`: 5-point alignment, no jitter, as face_recognition does it."""
    shape = _landmarks(models, picture, box)
    return np.array(models.embedder.compute_face_descriptor(picture, shape), dtype=np.float32)


def aligned_chip(models: Models, picture: Picture, box: Box) -> Picture:
    """The face turned upright and scaled to uint8[150, 150, 3], as the embedding network sees it."""
    import dlib

    chip: Picture = dlib.get_face_chip(picture, _landmarks(models, picture, box), size=150)
    return chip
