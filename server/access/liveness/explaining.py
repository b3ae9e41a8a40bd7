"""Explaining what a region of some pictures shows as what the same region of one picture shows.

What a print shows is the same in each frame: moved, tilted, in other light, more or less sharp. Each of these
changes its picture, as long as it is small, by a sum of few kinds: the picture itself (darker, lighter), its
slopes (moved, stretched), its bends (blurred, sharpened), and light that varies smoothly. Least squares find
the sum; what it leaves over is noise, or something that no print does.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Pixels = TypeVar("Pixels", NDArray[np.float32], NDArray[np.uint8])


NOTHING = 1e-6
"""A kind of change that is smaller is none."""
RIDGE = 1e-9
"""Added to the products of kinds with themselves, which are 1: they may depend on each other."""


class Region(NamedTuple):
    """Rows and columns of a texture."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> int:
        """Cells."""
        return (self.bottom - self.top) * (self.right - self.left)

    def of(self, pictures: Pixels, down: int = 0, across: int = 0) -> Pixels:
        """What it shows of each picture, [n, cells] of [n, 64, 64], or a place so many cells beside it."""
        rows = slice(self.top + down, self.bottom + down)
        columns = slice(self.left + across, self.right + across)
        return pictures[:, rows, columns].reshape(len(pictures), -1)


class Model:
    """One picture, float32[64, 64], that others are explained as."""

    def __init__(self, picture: Array) -> None:
        down, across = np.gradient(picture)
        (down_down, down_across), across_across = np.gradient(down), np.gradient(across, axis=1)
        self._kinds = np.stack((picture, across, down, across_across, down_across, down_down))

    def contrast(self, region: Region) -> float:
        """What there is to see in a region, besides light: mean square in gray levels."""
        return float(unexplained(region.of(self._kinds[:1]), lit(region))[0])

    def moved(self, region: Region) -> Array:
        """A basis of the changes of a small piece of a sheet: moved, stretched, in light that varies
        evenly."""
        x, y = _places(region)
        return self._changed(region, (np.ones_like(x), x, y), light(region))

    def bent(self, region: Region) -> Array:
        """The same of a whole sheet, tilted and bent, in light that varies more."""
        x, y = _places(region)
        even = light(region)
        uneven = np.stack((x**3, x * x * y, x * y * y, y**3))
        return self._changed(region, even, np.concatenate((even, uneven)))

    def _changed(self, region: Region, ways: Sequence[Array] | Array, lit: Array) -> Array:
        """`ways`: how light and place may vary over the region."""
        same, across, down, *bends = region.of(self._kinds)
        same = same - same.mean()
        varied = [kind * way for kind in (same, across, down) for way in ways]
        return basis(np.concatenate((lit, varied, bends)))


@lru_cache
def light(region: Region) -> Array:
    """Light that varies evenly: constant, slopes and bends, float32[6, cells]."""
    x, y = _places(region)
    return np.stack((np.ones_like(x), x, y, x * x, x * y, y * y))


@lru_cache
def lit(region: Region) -> Array:
    """A basis of such light."""
    return basis(light(region))


def basis(kinds: Array) -> Array:
    """Orthonormal columns that span `kinds`, float32[k, cells]: float32[cells, k]. A column of nothing where
    a kind is none, or a sum of others.

    By Cholesky's decomposition of their products: a tenth of the work of Householder's, which is most of all
    that is done here.
    """
    rows = kinds.astype(np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), NOTHING)
    products = rows @ rows.T + RIDGE * np.eye(len(rows))
    return np.asarray((np.linalg.inv(np.linalg.cholesky(products)) @ rows).T, np.float32)


def left(shown: Array, base: Array) -> Array:
    """What no sum of the columns of a basis explains of float32[n, cells]."""
    return np.asarray(shown - (shown @ base) @ base.T, np.float32)


def unexplained(shown: Array, base: Array) -> Array:
    """Its mean square, float32[n], for each that is free."""
    free = shown.shape[1] - base.shape[1]
    return np.asarray((left(shown, base) ** 2).sum(axis=1) / free, np.float32)


@lru_cache
def _places(region: Region) -> tuple[Array, Array]:
    """Columns and rows of its cells from its middle, -1 to 1, float32[cells] each."""
    rows = np.linspace(-1, 1, region.bottom - region.top, dtype=np.float32)
    columns = np.linspace(-1, 1, region.right - region.left, dtype=np.float32)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return x.ravel(), y.ravel()
