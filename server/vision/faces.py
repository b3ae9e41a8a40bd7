"""Faces of a picture: found, aligned and embedded."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.analysis import EMBEDDING_SIZE, Picture
from server.vision.detection import HOG_WINDOW, GrayView, detect
from server.vision.models import Models
from wire import MAX_FACES, Box


def find_faces(models: Models, picture: Picture, min_face: int) -> list[Box]:
    """Boxes of the frontal faces of about `min_face` pixels or more, largest first, clipped to the picture.

    The picture is searched in gray, scaled so that `min_face` meets the detector's smallest window: no
    pixel is searched at a finer scale than the smallest wanted face needs.
    """
    height, width = picture.shape[:2]
    view = GrayView(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), width, height)
    boxes = [found.box for found in detect(models, view, view.frame, HOG_WINDOW / min_face)]
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]


def embed(models: Models, picture: Picture, boxes: Sequence[Box]) -> NDArray[np.float32]:
    """float32[n, 128], the embeddings of the faces in `boxes`: 5-point alignment, no jitter, as
    face_recognition does it."""
    if not boxes:
        return np.empty((0, EMBEDDING_SIZE), np.float32)
    chips = np.stack([aligned_chip(models, picture, box) for box in boxes])
    return models.embedder(chips)


def aligned_chip(models: Models, picture: Picture, box: Box) -> Picture:
    """The face turned upright and scaled to uint8[150, 150, 3], as the embedding network sees it."""
    import dlib

    chip: Picture = dlib.get_face_chip(picture, _landmarks(models, picture, box), size=150)
    return chip


def _landmarks(models: Models, picture: Picture, box: Box) -> Any:
    import dlib

    return models.landmarks(picture, dlib.rectangle(box.left, box.top, box.right, box.bottom))
