"""Where a picture differs from what was there when it was last searched. Pure.

A signature is the mean brightness of each cell of a grid. A cell has changed when its brightness has left the
range of its neighbourhood, two cells wide, so that sensor noise, a trembling camera or a swaying person are
no change, while a newcomer is.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from wire import Box

Grid: TypeAlias = NDArray[np.uint8]
"""uint8[rows, columns] as `server.access.seen.grid_shape` tells, one mean brightness for each cell."""
Mask: TypeAlias = NDArray[np.bool_]
"""bool[rows, columns], True where a cell has changed."""

NOISE = 6
"""Grey levels by which a cell's mean may leave the range of its neighbourhood: the noise of a dark camera
(sigma 10) averaged over a cell is 1 to 2 levels."""
MAX_GAIN = 1.15
"""Largest change of the light as a whole that is taken out; beyond it everything has changed."""
_NEIGHBOURHOOD = np.ones((5, 5), np.uint8)
_SPECK = np.ones((2, 2), np.uint8)


def signature(gray: NDArray[np.uint8], shape: tuple[int, int]) -> Grid:
    """The picture (uint8[h, w] at any scale) on a grid of `shape` (rows, columns)."""
    return np.asarray(cv2.resize(gray, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def changed(now: Grid, before: Grid) -> Mask:
    """The cells that show something else than `before`; both of one shape. Single cells do not count."""
    level = now.astype(np.float32)
    gain = (float(np.median(now)) + 1) / (float(np.median(before)) + 1)
    if 1 / MAX_GAIN < gain < MAX_GAIN:
        level /= gain
    low = cv2.erode(before, _NEIGHBOURHOOD).astype(np.int16)
    high = cv2.dilate(before, _NEIGHBOURHOOD).astype(np.int16)
    mask = np.asarray((level < low - NOISE) | (level > high + NOISE), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _SPECK), np.bool_)


def cells(box: Box, shape: tuple[int, ...], width: int, height: int) -> tuple[slice, slice]:
    """The rows and columns that lie wholly inside `box`, given in pixels of a `width` x `height` frame."""
    rows, columns = shape
    return (
        slice(-(-box.top * rows // height), box.bottom * rows // height),
        slice(-(-box.left * columns // width), box.right * columns // width),
    )


def updated(before: Grid, now: Grid, searched: Box | None, width: int, height: int) -> Grid:
    """`before`, with what is there `now` inside the box that has been searched."""
    grid = before.copy()
    if searched:
        place = cells(searched, before.shape, width, height)
        grid[place] = now[place]
    return grid


def region(mask: Mask, width: int, height: int, margin: int) -> Box | None:
    """A box in pixels around all changed cells; None when there are none.

    Each side grows by `margin` pixels or half the region's extent, whichever is more: a face that has
    changed in part lies inside as a whole.
    """
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = rows[0] * height // mask.shape[0], (rows[-1] + 1) * height // mask.shape[0]
    left, right = columns[0] * width // mask.shape[1], (columns[-1] + 1) * width // mask.shape[1]
    down, across = max(margin, (bottom - top) // 2), max(margin, (right - left) // 2)
    return Box(
        top=int(max(0, top - down)),
        right=int(min(width, right + across)),
        bottom=int(min(height, bottom + down)),
        left=int(max(0, left - across)),
    )
