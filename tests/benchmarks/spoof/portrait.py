"""A picture with one face in it, brought to the size at which it is printed or shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.weights import weights_folder
from tests.benchmarks.spoof.sensor import Frame

FACE_MM = 145.0
"""Width of a face from ear to ear, in mm."""
PIXELS_PER_MM = 1.6
"""Of a portrait: more than the camera resolves at the distance of a door."""
AROUND = 1.1
"""How much of the picture is kept around the face, in widths of the face."""
RIM_MM = 8.0
EYES = (slice(36, 42), slice(42, 48))
MOUTH = slice(48, 68)
JAW = slice(0, 17)
UPSAMPLED = 1
"""Times a picture is doubled before faces are looked for: people in a room are small."""


class SourceError(Exception):
    """The file cannot be made an attack of. The message says why."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """A picture, uint8[h, w, 3] BGR at `PIXELS_PER_MM` of a life-size face, and the 68 points of its face in
    it, float64[68, 2] pixels."""

    picture: Frame
    points: NDArray[np.float64]

    @property
    def centre(self) -> NDArray[np.float64]:
        """Middle of the face, float64[2]."""
        middle: NDArray[np.float64] = self.points.mean(axis=0)
        return middle


@lru_cache
def _finder() -> tuple[Any, Any]:
    """dlib's face detector and 68-point predictor."""
    import dlib

    predictor = weights_folder() / "shape_predictor_68_face_landmarks.dat"
    return dlib.get_frontal_face_detector(), dlib.shape_predictor(str(predictor))


def face_points(picture: Frame) -> NDArray[np.float64] | None:
    """The 68 points of the largest face, float64[68, 2] pixels; None without a face."""
    detector, predictor = _finder()
    shrink = min(1.0, 900 / max(picture.shape[:2]))
    small = cv2.cvtColor(cv2.resize(picture, None, fx=shrink, fy=shrink), cv2.COLOR_BGR2RGB)
    boxes = detector(small, UPSAMPLED)
    if not boxes:
        return None
    shape = predictor(small, max(boxes, key=lambda box: box.area()))
    return np.asarray([(point.x / shrink, point.y / shrink) for point in shape.parts()], float)


@lru_cache(maxsize=128)
def portrait(path: Path) -> Portrait:
    """The largest face of a photo. Raises SourceError."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise SourceError(f"{path} is not a photo that can be read")
    points = face_points(picture.astype(np.uint8))
    if points is None:
        raise SourceError(f"no face was found in {path}")
    return cut_out(picture.astype(np.uint8), points)


def cut_out(
    picture: Frame, points: NDArray[np.float64], around: NDArray[np.float64] | None = None
) -> Portrait:
    """The picture around a face at `points`; the same piece for all frames of a video when `around`, the
    points in one of its frames, is given."""
    frame = points if around is None else around
    width = float(np.ptp(frame[JAW, 0]))
    low = np.maximum(frame.min(axis=0) - AROUND * width, 0).astype(int)
    high = (frame.max(axis=0) + AROUND * width).astype(int)
    scale = FACE_MM * PIXELS_PER_MM / width
    piece = picture[low[1] : high[1], low[0] : high[0]]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sized = cv2.resize(piece, None, fx=scale, fy=scale, interpolation=how).astype(np.uint8)
    return Portrait(sized, (points - low) * scale)


def rimmed(face: Portrait, colour: tuple[int, int, int]) -> Portrait:
    """With a border of one colour: paper that was left white, or the rim of a screen."""
    rim = round(RIM_MM * PIXELS_PER_MM)
    wide = cv2.copyMakeBorder(face.picture, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=colour)
    return Portrait(wide.astype(np.uint8), face.points + rim)


@dataclass(frozen=True, eq=False)
class Clip:
    """A video of one person: frames, uint8[h, w, 3] BGR, and their rate per second."""

    frames: tuple[Frame, ...]
    rate: float

    @property
    def seconds(self) -> float:
        return len(self.frames) / self.rate

    def at(self, time: float) -> Frame:
        """The frame at `time`, in seconds; forwards and backwards again when it is over."""
        last = len(self.frames) - 1
        turn = int(time * self.rate) % max(1, 2 * last)
        return self.frames[turn if turn <= last else 2 * last - turn]


def clip(path: Path, start: float = 0.0, seconds: float = 16.0) -> Clip:
    """A piece of a video. Raises SourceError."""
    video = cv2.VideoCapture(str(path))
    rate = video.get(cv2.CAP_PROP_FPS)
    video.set(cv2.CAP_PROP_POS_FRAMES, round(start * rate))
    frames = tuple(_frames(video, round(seconds * rate)))
    if not frames:
        raise SourceError(f"{path} is not a video that can be read from second {start:g}")
    return Clip(frames, rate)


def _frames(video: cv2.VideoCapture, count: int) -> Iterator[Frame]:
    for _ in range(count):
        read, frame = video.read()
        if not read:
            return
        yield frame.astype(np.uint8)


def face_of(piece: Clip) -> NDArray[np.float64]:
    """The points of the face in the first frame of every half second that shows one. Raises SourceError."""
    for at in range(0, len(piece.frames), max(1, round(piece.rate / 2))):
        points = face_points(piece.frames[at])
        if points is not None:
            return points
    raise SourceError("no face was found in the video")
