"""What the inner face looks like, brought to one place and size: what a print shows unchanged, and a living
face does not."""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.liveness.geometry import HEAD, RIGID
from server.access.seen import TEXTURE_SIDE
from server.vision.picture import GrayView

PER_CM = 5.0
"""Cells of the texture for each centimetre of an average face: the eyes are 31 cells apart."""
TOP = -6.0
"""Its upper edge, centimetres below the middle of the face (`geometry.HEAD`)."""
FINER = 2
"""How many times finer it is read than it is kept: what is finer than its cells must not beat with them."""
PLACES: NDArray[np.float64] = (HEAD[:, :2] - (0, TOP)) * PER_CM + (TEXTURE_SIDE / 2, 0)
"""Where the rigid points lie in it, float64[22, 2]."""


def texture(view: GrayView, points: NDArray[np.float32]) -> bytes:
    """The bytes of uint8[64, 64]: the face of these points, float32[68, 2] in pixels of the frame, with its
    rigid ones brought to where an average face has them, as near as an affine map can."""
    finer = TEXTURE_SIDE * FINER
    known = np.column_stack(((PLACES + 0.5) * FINER - 0.5, np.ones(len(PLACES))))
    inside = (points[list(RIGID)].astype(np.float64) + 0.5) * view.scale - 0.5
    place, *_ = np.linalg.lstsq(known, inside, rcond=None)
    flat = cv2.warpAffine(
        view.pixels,
        place.T,
        (finer, finer),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(flat, (TEXTURE_SIDE, TEXTURE_SIDE), interpolation=cv2.INTER_AREA).tobytes()
