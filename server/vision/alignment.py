"""Faces turned upright and scaled as SFace wants them, by YuNet's five points."""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.boxes import overlap
from server.vision.embedders.sface_network import SIDE
from server.vision.picture import Picture
from server.vision.yunet import Yunet, best_at
from wire import Box

TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""Where the five points shall be in a chip, float64[5, 2]: those it was trained with (OpenCV)."""
VIEW = 96
"""Side in pixels of what YuNet looks at around a box: a third of the work of a picture of 250x250. Embeddings
of one person are as much alike as with points found in the whole photo (LFW); at 64 they are less so, at 128
and 160 not more."""
MARGIN = 0.5
"""How much around the box is looked at, in its sides: the face is then about 48 pixels wide."""
LEAST_SCORE = 0.3
"""Of a face in the box: another detector has seen it there."""
LEAST_OVERLAP = 0.2
"""Of that face and the box: a neighbour's overlaps less. HOG's boxes and YuNet's of one face overlap by 0.36
and more (698 photos of LFW)."""


def align(picture: Picture, points: NDArray[np.float64]) -> Picture:
    """The chip, uint8[112, 112, 3], of the face in a picture (RGB) whose five `points` are float64[5, 2],
    pixels of the picture in the order of `YunetFace`; black where it lies outside of the picture."""
    return np.asarray(cv2.warpAffine(picture, similarity(points, TEMPLATE), (SIDE, SIDE)), np.uint8)


def similarity(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift, float64[2, 3], that bring `points` nearest to the `wanted` ones, by the sum
    of squares (Umeyama). Both are float64[n, 2], `points` not all the same."""
    centre, target = points.mean(axis=0), wanted.mean(axis=0)
    at, to = ((each - mean) @ (1, 1j) for each, mean in ((points, centre), (wanted, target)))
    factor = np.vdot(at, to) / np.vdot(at, at).real
    turn = np.array([(factor.real, -factor.imag), (factor.imag, factor.real)])
    return np.column_stack([turn, target - turn @ centre])


def find_points(yunet: Yunet, picture: Picture, box: Box) -> NDArray[np.float64] | None:
    """The five points of the face that another detector has seen in `box` (pixels of the picture, RGB; not
    empty), float64[5, 2] as in `YunetFace`; None where YuNet sees none: such a face cannot be compared.

    The work does not depend on the sizes of picture and box.
    """
    longer = max(box.width, box.height)
    more = round(MARGIN * longer)
    left, top = max(0, box.left - more), max(0, box.top - more)
    part = picture[top : box.bottom + more, left : box.right + more]
    scale = VIEW / (longer + 2 * more)
    view, factors = _view(part, scale)
    sides = ((side - start) * scale for side, start in zip(box, (top, left, top, left), strict=True))
    place = Box(*map(round, sides))
    face = best_at(yunet.detect(view, LEAST_SCORE), place)
    if face is None or overlap(face.box, place) < LEAST_OVERLAP:
        return None
    return (face.points + 0.5) / factors - 0.5 + (left, top)


def _view(part: Picture, scale: float) -> tuple[Picture, NDArray[np.float64]]:
    """`part` scaled, in the corner of a black square of one size, as OpenCV is slow to take another; and how
    many of its pixels are one of the part, x before y."""
    height, width = part.shape[:2]
    size = tuple(min(VIEW, max(1, round(side * scale))) for side in (width, height))
    view = np.zeros((VIEW, VIEW, 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    view[: size[1], : size[0]] = cv2.resize(part, size, interpolation=method)
    return view, np.array(size) / (width, height)
