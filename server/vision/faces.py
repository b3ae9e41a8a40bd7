"""Faces of a picture: found, aligned and embedded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Embedding
from server.vision.models import Models
from server.vision.picture import Picture
from wire import MAX_FACES, Box


def find_faces(models: Models, picture: Picture, min_face: int) -> list[Box]:
    """Boxes of the faces of an enrolment photo that look about ahead, of about `min_face` pixels or more,
    largest first, clipped to the picture."""
    boxes = models.detector.photo(picture, min_face)
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]


@dataclass(frozen=True, eq=False)
class Aligned:
    """One face as the embedding network sees it: `chip`, uint8[150, 150, 3], turned upright and scaled, and
    the 5 landmarks that it was aligned by, float64[5, 2] in pixels of the picture, x before y."""

    chip: Picture
    points: NDArray[np.float64]


def align(models: Models, picture: Picture, box: Box) -> Aligned:
    """Align the face in `box` by 5 landmarks, as face_recognition does it."""
    import dlib

    shape = models.landmarks(picture, dlib.rectangle(box.left, box.top, box.right, box.bottom))
    points = np.array([(point.x, point.y) for point in shape.parts()], np.float64)
    return Aligned(dlib.get_face_chip(picture, shape, size=150), points)


def embed(
    models: Models, faces: Sequence[Aligned], mirrored: Sequence[bool]
) -> list[tuple[Embedding, Embedding | None]]:
    """For each face its embedding, and where `mirrored` says so that of its mirror image; no jitter."""
    chips = [face.chip for face in faces]
    chips += [face.chip[:, ::-1] for face, wanted in zip(faces, mirrored, strict=True) if wanted]
    if not chips:
        return []
    rows = models.embedder(np.stack(chips))
    images = iter(rows[len(faces) :])
    return [(row, next(images) if wanted else None) for row, wanted in zip(rows, mirrored, strict=False)]
