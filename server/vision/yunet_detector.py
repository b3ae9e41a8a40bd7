"""Faces as YuNet finds them, in boxes as dlib's HOG detector draws them: a box has one meaning."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.boxes import grown
from server.vision.detection import Found
from server.vision.hog import HogDetector
from server.vision.picture import GrayView, JpegFrame, Picture
from server.vision.quality import sidewards
from server.vision.yunet import Yunet, YunetFace
from wire import Box

SEARCHED_SIDE = 24
"""Side of the smallest wanted face, in pixels of the picture that is searched, in colour. Of 700 faces of LFW
YuNet finds 99.1 % at this size with `NEWCOMER_SCORE`, HOG 99.6 % at its window of 80; darkened with noise 71
against 15 %, blurred 99.1 against 81 %. Gray, it would take 36 pixels."""
SMALLEST = 0.9
"""Share of the smallest wanted face that is accepted: HOG's smallest box is so much of its window."""
NEWCOMER_SCORE = 0.7
"""What a face that was not there before needs. At 0.7 no face is found in 400 random textures, and one, a
skull on a shirt, in 878 frames of people whose faces were painted over; at 0.6 one and five."""
FOLLOWED_SCORE = 0.5
"""And one that was there a moment ago."""
TRACKED_SIDE = 48
"""Side of a followed face, in pixels of the gray picture that is searched for it."""
CANVASES = (96, 128)
"""Sides in pixels of the pictures in which followed faces are searched. Where OpenCV runs YuNet, it takes up
to 1.7 times as long when the size changes from one to the next."""
SHRUNK = 0.6
"""What is smaller than so many sides of a followed face is somebody behind it, or a face on its shirt."""
ALIGNED_SIDE = 36
"""From this side on its points align a face: SFace then tells 110 people of LFW apart nearly as well as by
those of the whole photo (d' 5.90 against 6.06; 5.96 at 48 pixels); at 24 pixels it does not (5.05)."""
FRONTAL = 0.15
"""How far the nose of a face that looks ahead stands beside the middle of its eyes, in distances between
them: HOG takes half of the faces there for turned (1,494 faces of LFW)."""
TURNED = 0.5
"""So far it may stand where no face was before: for 99.5 % of the faces that HOG finds it does not stand
farther. Who passes in profile has not come to the door."""
SIDE, MIDDLE = 0.967, 0.54
"""HOG's box in terms of YuNet's: its side over the root of the area, and where its middle lies on the way
from the eyes to the mouth (medians of 1,494 faces of LFW). The boxes then overlap (intersection over union)
by 0.82, and by 0.69 or more for 19 in 20; HOG's own sides come in steps of a fifth."""
LEAST_SIDE = 12
"""Pixels of a picture in which a face can be seen."""


class YunetDetector:
    """A `Detector` that follows heads whichever way they turn."""

    def __init__(self, yunet: Yunet, hog: HogDetector) -> None:
        """`hog`: finds the faces of enrolment photos, but for those in which it finds none."""
        self._yunet = yunet
        self._hog = hog

    def search(self, frame: JpegFrame, region: Box, min_face: int) -> list[Found]:
        pixels = frame.rgb(min(1.0, SEARCHED_SIDE / min_face))
        return self._search(pixels, _Frame(frame.width, frame.height), region, min_face)

    def near(self, view: GrayView, box: Box, reach: float) -> list[Found]:
        size = _Frame(view.width, view.height)
        cut = _cut(view.pixels, size, grown(box, reach, view), TRACKED_SIDE / _side(box))
        found = self._detect(cut, size, FOLLOWED_SCORE, padded=True) if cut else []
        return [face for face in found if _side(face.box) >= SHRUNK * _side(box)]

    def photo(self, picture: Picture, min_face: int) -> list[Box]:
        size = _Frame(picture.shape[1], picture.shape[0])
        found = self._hog.photo(picture, min_face)
        whole = Box(0, size.width, size.height, 0)
        return found or [face.box for face in self._search(picture, size, whole, min_face)]

    def _search(self, pixels: Picture, frame: "_Frame", region: Box, min_face: int) -> list[Found]:
        cut = _cut(pixels, frame, region, SEARCHED_SIDE / min_face)
        found = self._detect(cut, frame, NEWCOMER_SCORE) if cut else []
        return [face for face in found if face.sure and _side(face.box) >= SMALLEST * min_face]

    def _detect(self, cut: "_Cut", frame: "_Frame", least_score: float, padded: bool = False) -> list[Found]:
        """`padded`: to one of the `CANVASES` that has room for it."""
        pixels = _padded(cut.pixels) if padded else cut.pixels
        found = [_found(face, cut, frame) for face in self._yunet.detect(pixels, least_score)]
        return [face for face in found if face.box.width > 0 and face.box.height > 0]


class _Frame(NamedTuple):
    width: int
    height: int


class _Cut(NamedTuple):
    """A part of a frame, at a scale of its own. `corner`: where it begins in the frame. `scale`: its pixels
    for one of the frame; both float64[2], x before y."""

    pixels: NDArray[np.uint8]
    corner: NDArray[np.float64]
    scale: NDArray[np.float64]


def _cut(pixels: NDArray[np.uint8], frame: _Frame, region: Box, scale: float) -> _Cut | None:
    """What `region` shows, at about `scale` times the frame's size; None where that is next to nothing.

    `pixels`: uint8[h, w] or uint8[h, w, 3], the frame at any scale.
    """
    have = pixels.shape[1] / frame.width, pixels.shape[0] / frame.height
    left, right = round(region.left * have[0]), round(region.right * have[0])
    top, bottom = round(region.top * have[1]), round(region.bottom * have[1])
    width, height = round(region.width * scale), round(region.height * scale)
    if min(width, height) < LEAST_SIDE or bottom <= top or right <= left:
        return None
    part = pixels[top:bottom, left:right]
    if part.shape[:2] != (height, width):
        interpolation = cv2.INTER_AREA if width < part.shape[1] else cv2.INTER_LINEAR
        part = np.asarray(cv2.resize(part, (width, height), interpolation=interpolation), np.uint8)
    shrunk = np.array([width / (right - left), height / (bottom - top)])
    return _Cut(part, np.array([left, top]) / have, shrunk * have)


def _padded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[h, w], with black beside and below it, as uint8[side, side]; as it is where it is too large."""
    side = next((side for side in CANVASES if side >= max(pixels.shape)), None)
    if side is None:
        return pixels
    canvas = np.zeros((side, side), np.uint8)
    canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return canvas


def _side(box: Box) -> int:
    """Boxes are square but at the frame's edge."""
    return max(box.width, box.height)


def _found(face: YunetFace, cut: _Cut, frame: _Frame) -> Found:
    points = (face.points + 0.5) / cut.scale - 0.5 + cut.corner
    beside = abs(sidewards(*points[:3]))
    side = SIDE * face.side
    return Found(
        box=_box(points, side / float(cut.scale.mean()), frame),
        score=face.score,
        frontal=beside <= FRONTAL,
        sure=face.score >= NEWCOMER_SCORE and beside <= TURNED,
        points=points if side >= ALIGNED_SIDE else None,
    )


def _box(points: NDArray[np.float64], side: float, frame: _Frame) -> Box:
    """The box that HOG would draw, clipped to the frame."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    across, down = eyes + MIDDLE * (mouth - eyes)
    return Box(
        top=min(max(0, round(down - side / 2)), frame.height),
        right=min(max(0, round(across + side / 2)), frame.width),
        bottom=min(max(0, round(down + side / 2)), frame.height),
        left=min(max(0, round(across - side / 2)), frame.width),
    )
