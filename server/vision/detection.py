"""Finding faces with dlib's HOG detector, no finer and no wider than needed."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import cv2

from server.vision.boxes import SAME_PLACE, overlap
from server.vision.models import Models
from server.vision.picture import GrayView
from wire import Box

HOG_WINDOW = 80
"""Smallest face, in pixels, that dlib's HOG detector was trained to find without upsampling."""
FRONTAL_DETECTOR = 0
"""dlib's detector is five: looking ahead, to the left, to the right, and ahead with the head tilted."""


class Found(NamedTuple):
    """A detected face: its box in pixels of the frame, the detector's score, whether it looks ahead."""

    box: Box
    score: float
    frontal: bool


def detect(
    models: Models, view: GrayView, region: Box, scale: float, least_score: float = 0.0
) -> list[Found]:
    """The faces inside `region` that are at least `HOG_WINDOW` / `scale` pixels of the frame wide.

    `least_score`: 0 is the detector's own threshold; a little less finds faces that are hard to see, and
    sometimes things that are none.
    """
    top, bottom = round(region.top * view.scale), round(region.bottom * view.scale)
    left, right = round(region.left * view.scale), round(region.right * view.scale)
    width, height = round(region.width * scale), round(region.height * scale)
    if min(width, height) < HOG_WINDOW or bottom <= top or right <= left:
        return []
    interpolation = cv2.INTER_AREA if scale < view.scale else cv2.INTER_LINEAR
    scaled = cv2.resize(view.pixels[top:bottom, left:right], (width, height), interpolation=interpolation)
    boxes, scores, detectors = models.detector.run(scaled, 0, least_score)
    found = [
        Found(_in_frame(box, region, scale, view), score, detector == FRONTAL_DETECTOR)
        for box, score, detector in zip(boxes, scores, detectors, strict=True)
    ]
    return [face for face in found if face.box.width > 0 and face.box.height > 0]


def _in_frame(found: Any, region: Box, scale: float, view: GrayView) -> Box:
    edges = (found.top(), found.right(), found.bottom(), found.left())
    top, right, bottom, left = (round(edge / scale) for edge in edges)
    return Box(
        top=min(max(0, region.top + top), view.height),
        right=min(max(0, region.left + right), view.width),
        bottom=min(max(0, region.top + bottom), view.height),
        left=min(max(0, region.left + left), view.width),
    )


def distinct(found: Iterable[Found]) -> list[Found]:
    """One detection for each face, the best."""
    kept: list[Found] = []
    for face in sorted(found, key=lambda face: face.score, reverse=True):
        if all(overlap(face.box, other.box) <= SAME_PLACE for other in kept):
            kept.append(face)
    return kept
