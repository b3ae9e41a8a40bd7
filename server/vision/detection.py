"""Detected faces, and what a detector is asked."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from server.vision.boxes import SAME_PLACE, overlap
from server.vision.picture import GrayView, JpegFrame, Picture
from wire import Box


class Found(NamedTuple):
    """A detected face, in pixels of the frame.

    `box`: as dlib's HOG detector draws it, a square from above the eyes to the chin, clipped to the frame.
    `score`: the detector's own, to compare faces of one search. `frontal`: whether it looks ahead. `sure`:
    whether it may be believed where no face was before; one that was there a moment ago needs less.
    `points`: float64[5, 2], those of `YunetFace`, where they were seen well enough to align the face by them.
    """

    box: Box
    score: float
    frontal: bool
    sure: bool = True
    points: NDArray[np.float64] | None = None


class Detector(Protocol):
    """Finds faces. Not to be shared between threads."""

    def search(self, frame: JpegFrame, region: Box, min_face: int) -> list[Found]:
        """The sure faces of about `min_face` pixels or more inside `region`. Raises PictureError."""
        ...

    def near(self, view: GrayView, box: Box, reach: float) -> list[Found]:
        """The faces, also unsure ones, about as large as `box` and at most `reach` times its side away.

        `view`: best at `view_scale` or more.
        """
        ...

    def photo(self, picture: Picture, min_face: int) -> list[Box]:
        """The boxes of the faces of an enrolment photo that look about ahead, from about `min_face` pixels
        on."""
        ...


VIEW_SIDE = 86
"""Side in pixels at which a face is looked at: at least, its patch and sharpness then being comparable."""


def view_scale(box: Box) -> float:
    """Scale of the frame at which the face in `box` is `VIEW_SIDE` pixels wide. Boxes are square but at the
    frame's edge."""
    return VIEW_SIDE / max(box.width, box.height)


def distinct(found: Iterable[Found]) -> list[Found]:
    """One detection for each face, the best."""
    kept: list[Found] = []
    for face in sorted(found, key=lambda face: face.score, reverse=True):
        if all(overlap(face.box, other.box) <= SAME_PLACE for other in kept):
            kept.append(face)
    return kept
