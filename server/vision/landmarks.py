"""dlib's 68 points of a face, and where its head is turned.

A single run of the predictor gives whole pixels and depends on where exactly the box lies, so the face is
enlarged and the predictor run on several boxes around the place that a first run finds. That leaves about a
third of the jitter: 0.003 instead of 0.008 of the distance between the eyes (nose and eyes, two videos).
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.seen import Landmarks, Pose
from server.vision.boxes import grown
from server.vision.picture import GrayView
from server.vision.texture import texture
from server.weights import dlib_weights
from wire import Box

WEIGHTS = "shape_predictor_68_face_landmarks.dat"
SIDE = 300
"""Side of the box in pixels when the predictor sees it: points then come in 1/300 of the face's width."""
MARGIN = 0.6
"""How much is cut out around the box on each side, in sides of it."""
SHIFTS = ((0.0, 0.0), (0.04, 0.02), (-0.04, 0.02), (0.02, -0.04), (-0.02, -0.04))
"""Where the boxes of the second pass lie, in sides of the box, across and down."""
INNER = slice(17, 68)
"""All points but the jaw's."""
BOX_SIZE, BOX_LIFT = 1.364, 0.056
"""dlib's box in terms of the inner points: its side over their height or width, whichever is more, and how
far its centre lies below theirs, in its sides (median of 300 frames of a talking man)."""
POSE_POINTS = (36, 39, 42, 45, 27, 28, 29, 30, 31, 33, 35, 48, 54)
"""Corners of the eyes, bridge, tip and base of the nose, corners of the mouth: what speaking moves least."""
HEAD: NDArray[np.float64] = np.array(
    [
        (-4.445859, 2.663991, 3.173422),
        (-1.856432, 2.585245, 3.757904),
        (1.856432, 2.585245, 3.757904),
        (4.445859, 2.663991, 3.173422),
        (0.0, 3.271027, 5.236015),
        (0.0, 1.728369, 6.316750),
        (0.0, 0.365669, 7.242870),
        (0.0, -0.463170, 7.586580),
        (-1.405627, -1.714196, 5.241087),
        (0.0, -2.089024, 6.058267),
        (1.405627, -1.714196, 5.241087),
        (-2.456206, -4.342621, 4.283884),
        (2.456206, -4.342621, 4.283884),
    ]
) * (1, -1, -1)
"""`POSE_POINTS` on a head that looks ahead, in centimetres, x to the picture's right, y down, z away:
vertices 33, 133, 362, 263, 168, 197, 5, 4, 98, 2, 327, 61, 291 of MediaPipe's canonical face model
(Apache-2.0)."""


class Landmarker:
    """dlib's 68-point predictor: 100 MB of memory, about 6 ms a face. Not to be shared between threads."""

    def __init__(self, weights: Path | None = None) -> None:
        """Raises ImportError without dlib, RuntimeError without its weights."""
        import dlib

        self._rectangle = dlib.rectangle
        self._predictor = dlib.shape_predictor(str(weights or dlib_weights(WEIGHTS)))

    def find(self, view: GrayView, box: Box) -> Landmarks:
        """The points of the face in `box` (pixels of the frame; not empty).

        `view`: best at a scale at which the box is `SIDE` pixels wide or more.
        """
        crop = _Crop(view, box)
        first = crop.points(self._predictor, self._rectangle, *_middle(box))
        across, down, side = _place(first)
        shifted = [
            crop.points(self._predictor, self._rectangle, across + right * side, down + below * side, side)
            for right, below in SHIFTS
        ]
        points = np.mean(shifted, axis=0).astype(np.float32)
        return Landmarks(points, pose(points, view.width, view.height), texture=texture(view, points))


class _Crop:
    """The surroundings of a box, scaled so that its side is `SIDE` pixels."""

    def __init__(self, view: GrayView, box: Box) -> None:
        around = grown(box, MARGIN, view)
        top, bottom = int(around.top * view.scale), max(1, round(around.bottom * view.scale))
        left, right = int(around.left * view.scale), max(1, round(around.right * view.scale))
        scale = SIDE / (max(box.width, box.height) * view.scale)
        shape = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        self._pixels = cv2.resize(view.pixels[top:bottom, left:right], shape, interpolation=method)
        self._origin = np.array((left, top)) / view.scale
        self._scale = scale * view.scale

    def points(
        self, predictor: Any, rectangle: Any, across: float, down: float, side: float
    ) -> NDArray[np.float64]:
        """float64[68, 2], in pixels of the frame, of the face in a square of side `side` around a place."""
        left, top = ((across, down) - self._origin - side / 2) * self._scale
        width = side * self._scale
        square = rectangle(round(left), round(top), round(left + width), round(top + width))
        found = [(point.x, point.y) for point in predictor(self._pixels, square).parts()]
        return (np.array(found) + 0.5) / self._scale - 0.5 + self._origin


def _middle(box: Box) -> tuple[float, float, float]:
    """Centre of a box, across and down, and its longer side."""
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2, float(max(box.width, box.height))


def _place(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Where dlib's detector would put its box around these points: its centre, across and down, its side."""
    least, most = points[INNER].min(axis=0), points[INNER].max(axis=0)
    side = BOX_SIZE * float((most - least).max())
    across, down = (least + most) / 2
    return float(across), float(down) + BOX_LIFT * side, side


def pose(points: NDArray[np.float32], width: int, height: int) -> Pose:
    """Where the head is turned: from its landmarks, float32[68, 2], and the size of the frame in pixels.

    Seen from the camera along the line to the face, so that a face beside the middle that looks into the
    camera has yaw 0; the focal length is taken to be the frame's longer side (53 degrees across).
    """
    focal = float(max(width, height))
    camera = np.array([(focal, 0, width / 2), (0, focal, height / 2), (0, 0, 1)])
    seen = points[list(POSE_POINTS)].astype(np.float64)
    distance = focal * float(np.ptp(HEAD[:, 0])) / max(1.0, float(np.ptp(seen[:, 0])))
    centre = (*(seen.mean(axis=0) - camera[:2, 2]) * distance / focal, distance)
    _, turn, place = cv2.solvePnP(
        HEAD,
        seen,
        camera,
        None,
        np.zeros((3, 1)),
        np.array(centre).reshape(3, 1),
        True,
        cv2.SOLVEPNP_ITERATIVE,
    )
    rotation = _towards(np.asarray(place, np.float64).ravel()) @ cv2.Rodrigues(turn)[0]
    ahead = -rotation[:, 2]
    yaw = np.arctan2(ahead[0], -ahead[2])
    pitch = np.arctan2(-ahead[1], np.hypot(ahead[0], ahead[2]))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return Pose(float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll)))


def _towards(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation that brings a place straight ahead of the camera, float64[3, 3]."""
    x, y, z = place / np.linalg.norm(place)
    axis = np.array((y, -x, 0.0))
    sine = float(np.hypot(x, y))
    angle = np.arctan2(sine, z)
    return np.asarray(cv2.Rodrigues(axis / sine * angle if sine > 0 else axis)[0], np.float64)
