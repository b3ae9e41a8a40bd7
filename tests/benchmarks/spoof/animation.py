"""A still face made to blink and to speak: parts of the picture are stretched over others."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.spoof.portrait import EYES, JAW, MOUTH, Portrait
from tests.benchmarks.spoof.sensor import Frame

LID = 1.3
"""Height of the skin above an eye that is drawn over it, in heights of the open eye."""
RIMS = (30, 25, 25)
GAPE = 0.22
"""How far the mouth opens at most, in widths of the mouth."""


def blinking(face: Portrait, picture: Frame, closed: float) -> Frame:
    """The picture with both eyes `closed`, 0 to 1: the skin above each is drawn down over it."""
    changed = picture.copy()
    for eye in EYES:
        _close(changed, face.points[eye], closed)
    return changed


def _close(picture: Frame, eye: NDArray[np.float64], closed: float) -> None:
    """`eye`: float64[6, 2], from one corner over the upper lid to the other and back along the lower."""
    left, right = np.floor(eye[:, 0].min()), np.ceil(eye[:, 0].max())
    x = np.arange(left, right + 1)
    upper = np.interp(x, eye[:4, 0], eye[:4, 1])
    lower = np.interp(x, eye[[0, 5, 4, 3], 0], eye[[0, 5, 4, 3], 1])
    height = float((lower - upper).max())
    crease = upper - LID * height
    lid = upper + closed * (lower - upper)
    rows = np.arange(np.floor(crease.min()), np.ceil(lower.max()) + 1)[:, None]
    source = crease + (rows - crease) * (upper - crease) / np.maximum(lid - crease, 1e-6)
    covered = (rows >= crease) & (rows < lid)
    _stretch(picture, x, rows, np.where(covered, source, rows))


def speaking(face: Portrait, picture: Frame, opened: float) -> Frame:
    """The picture with the mouth `opened`, 0 to 1: lower lip and chin are drawn down, it is dark between."""
    changed = picture.copy()
    mouth, chin = face.points[MOUTH], face.points[JAW][:, 1].max()
    left, right = mouth[0, 0], mouth[6, 0]
    x = np.arange(np.floor(left - 0.4 * (right - left)), np.ceil(right + 0.4 * (right - left)))
    line = np.interp(x, mouth[[0, 13, 14, 15, 6], 0], mouth[[0, 13, 14, 15, 6], 1])
    lower = np.interp(x, mouth[[0, 19, 18, 17, 6], 0], mouth[[0, 19, 18, 17, 6], 1])
    line = np.minimum(line, lower)
    across = np.clip(1 - (2 * (x - left) / (right - left) - 1) ** 2, 0.0, None)
    gape = opened * GAPE * (right - left) * across
    end = chin + 0.25 * (chin - line) + gape
    rows = np.arange(np.floor(line.min()), min(np.ceil(end.max()), picture.shape[0] - 1))[:, None]
    source = lower + (rows - lower - gape) * (end - lower) / np.maximum(end - lower - gape, 1e-6)
    moved = (rows >= lower + gape) & (rows < end)
    _stretch(changed, x, rows, np.where(moved, source, rows))
    inside = (rows >= lower) & (rows < lower + gape)
    top, first = int(rows[0, 0]), int(x[0])
    part = changed[top : top + len(rows), first : first + len(x)]
    part[inside[: part.shape[0], : part.shape[1]]] = (28, 22, 45)
    return changed


def wearing_glasses(face: Portrait) -> Portrait:
    """The same with dark rims around the eyes."""
    picture = face.picture.copy()
    middles = [face.points[eye].mean(axis=0) for eye in EYES]
    apart = float(np.linalg.norm(middles[1] - middles[0]))
    size = round(0.38 * apart), round(0.3 * apart)
    rim = max(2, round(0.045 * apart))
    for middle in middles:
        cv2.ellipse(picture, np.round(middle).astype(int).tolist(), size, 0, 0, 360, RIMS, rim, cv2.LINE_AA)
    across = (middles[1] - middles[0]) / apart * size[0]
    one, other = (np.round(end).astype(int).tolist() for end in (middles[0] + across, middles[1] - across))
    cv2.line(picture, one, other, RIMS, rim, cv2.LINE_AA)
    return Portrait(picture, face.points)


def _stretch(
    picture: Frame, x: NDArray[np.float64], rows: NDArray[np.float64], source: NDArray[np.float64]
) -> None:
    """Fill a part of the picture from `source`, the row that each of its pixels comes from."""
    columns = np.broadcast_to(x, source.shape).astype(np.float32)
    part = cv2.remap(
        picture, columns, source.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    top, left = int(rows[0, 0]), int(x[0])
    height, width = picture[top : top + part.shape[0], left : left + part.shape[1]].shape[:2]
    picture[top : top + height, left : left + width] = part[:height, :width]


def eye_holes(face: Portrait, wider: float = 1.35, higher: float = 1.9) -> NDArray[np.uint8]:
    """Where the eyes are cut out: uint8[h, w], 255 inside."""
    holes = np.zeros(face.picture.shape[:2], np.uint8)
    for eye in EYES:
        centre = face.points[eye].mean(axis=0)
        outline = centre + (face.points[eye] - centre) * [wider, higher]
        cv2.fillConvexPoly(holes, np.round(outline).astype(np.int32), 255, cv2.LINE_AA)
    return holes
