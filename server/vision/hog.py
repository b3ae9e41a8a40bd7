"""dlib's HOG detector of frontal faces: what finds faces where YuNet's weights are missing."""

from typing import Any

import cv2
import numpy as np

from server.vision.boxes import grown
from server.vision.detection import Found, view_scale
from server.vision.picture import GrayView, JpegFrame, Picture
from wire import Box

HOG_WINDOW = 80
"""Smallest face, in pixels, that the detector was trained to find without upsampling. A followed face is
searched at a little more (`VIEW_SIDE`), so that it is still found when it has become somewhat smaller."""
FRONTAL_DETECTOR = 0
"""dlib's detector is five: looking ahead, to the left, to the right, and ahead with the head tilted."""
SURE = 0.0
"""The detector's own threshold."""
FOLLOWED_SCORE = -0.2
"""A face that was here a moment ago needs less evidence to be here still: with it a followed face was found
in 968 of the 969 frames in which a search of the whole frame at twice its size finds it (three videos)."""


class HogDetector:
    """A `Detector` that finds heads turned by at most about 27 degrees, at no finer scale than needed."""

    def __init__(self, detector: Any | None = None) -> None:
        """`detector`: instead of dlib's, which is loaded otherwise. Raises ImportError without dlib."""
        if detector is None:
            import dlib

            detector = dlib.get_frontal_face_detector()
        self._detector = detector

    def search(self, frame: JpegFrame, region: Box, min_face: int) -> list[Found]:
        scale = HOG_WINDOW / min_face
        return self._detect(frame.gray(min(1.0, scale)), region, scale, SURE)

    def near(self, view: GrayView, box: Box, reach: float) -> list[Found]:
        return self._detect(view, grown(box, reach, view), view_scale(box), FOLLOWED_SCORE)

    def photo(self, picture: Picture, min_face: int) -> list[Box]:
        height, width = picture.shape[:2]
        view = GrayView(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), width, height)
        return [found.box for found in self._detect(view, view.frame, HOG_WINDOW / min_face, SURE)]

    def _detect(self, view: GrayView, region: Box, scale: float, least_score: float) -> list[Found]:
        """The faces inside `region` that are at least `HOG_WINDOW` / `scale` pixels of the frame wide."""
        top, bottom = round(region.top * view.scale), round(region.bottom * view.scale)
        left, right = round(region.left * view.scale), round(region.right * view.scale)
        width, height = round(region.width * scale), round(region.height * scale)
        if min(width, height) < HOG_WINDOW or bottom <= top or right <= left:
            return []
        interpolation = cv2.INTER_AREA if scale < view.scale else cv2.INTER_LINEAR
        scaled = cv2.resize(view.pixels[top:bottom, left:right], (width, height), interpolation=interpolation)
        boxes, scores, detectors = self._detector.run(scaled, 0, least_score)
        found = [
            Found(_in_frame(box, region, scale, view), score, detector == FRONTAL_DETECTOR, score >= SURE)
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
