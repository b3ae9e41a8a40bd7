"""MediaPipe's face mesh: 468 points of a face, of which those are kept that liveness is judged by.

The network wants the face upright in the middle of its picture. The detector's box gives the first look; the
points found there say better where the face is and how it is tilted, and a second look gives the points. Two
looks jitter half as much as the 68 points of dlib averaged over six: 0.0016 instead of 0.0032 of the rigid
points' spread (two videos; 0.0035 and 0.0044 on a third). In gray they jitter no more than in colour.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.seen import Landmarks
from server.vision.landmarks import pose
from server.vision.mesh_network import SIDE, load_mesh_network
from server.vision.picture import GrayView
from server.vision.texture import texture
from wire import Box

ENLARGED = 1.5
"""Side of what it sees over that of the box, or of the points: as MediaPipe does."""
EYES = (33, 263)
"""The outer corners."""
VERTICES: tuple[int, ...] = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(70, 63, 105, 66, 55, 285, 296, 334, 293, 300),
    *(168, 197, 5, 4, 98, 97, 2, 326, 327),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
"""Which of its vertices are the 68 points, in their order: jaw, brows, nose, eyes, lips."""


class _Place(NamedTuple):
    """Where the network looks: a centre and a side in pixels of the frame, and how the face is tilted,
    radians."""

    across: float
    down: float
    side: float
    tilt: float


class Mesh:
    """The network, and where it looks: about 2 ms a look. Not to be shared between threads."""

    def __init__(self, model: bytes) -> None:
        """Raises what `load_mesh_network` raises."""
        self._network = load_mesh_network(model)

    def find(self, view: GrayView, box: Box) -> Landmarks:
        """The points of the face in `box` (pixels of the frame; not empty).

        `view`: best at a scale at which the box is `SIDE` / `ENLARGED` pixels wide or more.
        """
        first, _ = self._look(view, _around_box(box))
        mesh, presence = self._look(view, _around_points(first))
        points = mesh[list(VERTICES)].astype(np.float32)
        return Landmarks(
            points=points,
            pose=pose(points, view.width, view.height),
            presence=presence,
            texture=texture(view, points),
        )

    def _look(self, view: GrayView, place: _Place) -> tuple[NDArray[np.float64], float]:
        """float64[468, 2], pixels of the frame, and the log odds that there is a face."""
        upright = _upright(place)
        seen = _scaled(upright, view.scale)
        face = cv2.warpAffine(view.pixels, seen, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        points, presence = self._network(np.asarray(face, np.uint8))
        back = cv2.invertAffineTransform(upright)
        return points @ back[:, :2].T + back[:, 2], presence


def _around_box(box: Box) -> _Place:
    side = ENLARGED * max(box.width, box.height)
    return _Place((box.left + box.right) / 2, (box.top + box.bottom) / 2, side, 0.0)


def _around_points(points: NDArray[np.float64]) -> _Place:
    right, left = points[list(EYES)]
    tilt = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    turn = np.array([(np.cos(tilt), -np.sin(tilt)), (np.sin(tilt), np.cos(tilt))])
    level = points @ turn
    least, most = level.min(axis=0), level.max(axis=0)
    across, down = turn @ ((least + most) / 2)
    return _Place(float(across), float(down), max(2.0, ENLARGED * float((most - least).max())), tilt)


def _upright(place: _Place) -> NDArray[np.float64]:
    """From pixels of the frame to those of the network's picture, float64[2, 3]."""
    scale = SIDE / place.side
    cosine, sine = scale * np.cos(place.tilt), scale * np.sin(place.tilt)
    turn = np.array([(cosine, sine), (-sine, cosine)])
    middle = (SIDE - 1) / 2 - turn @ (place.across, place.down)
    return np.column_stack((turn, middle))


def _scaled(matrix: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """The same from pixels of a view at `scale` times the frame's size."""
    turn = matrix[:, :2] / scale
    return np.column_stack((turn, matrix[:, 2] + turn @ np.full(2, (1 - scale) / 2)))
