"""What the textures of a face show that those of a print do not: depth, eyes that move, a mouth that speaks.

All are compared with their mean (`explaining`), and what is left over is held against what is left over
elsewhere, or otherwise explained, in the same picture: blur, noise and compression leave the same in both.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.explaining import Array, Model, Region, left, lit, unexplained
from server.access.seen import TEXTURE_SIDE

FACE = Region(2, 62, 2, 62)
EYES = (Region(11, 23, 7, 27), Region(11, 23, 37, 57))
MOUTH = Region(42, 60, 16, 48)
OTHERS = (
    Region(20, 40, 21, 43),
    Region(3, 11, 6, 28),
    Region(3, 11, 36, 58),
    Region(26, 40, 8, 22),
    Region(26, 40, 42, 56),
)
"""Nose, brows, cheeks: what they show is nearly the same whatever a living face does."""
RELIEF = 0.15
"""What is left is held against this share of a region's own contrast, too: the points are not found exactly,
which shows where there is much to see."""
LEAST = 1.0
"""And against so much besides, gray levels squared: what compression leaves of a face without contrast is as
large as what moves. Without it the depth of such prints reached 2.3, with it 1.5."""
MISPLACED = 2
"""Cells: what lies so far from where the mean has it was badly found, and says nothing."""
SURROUNDINGS = 4.0
"""Standard deviation, in cells, of what counts as a cell's surroundings: shadows and lamps that are mirrored
vary as slowly, and without them little is left of a lamp that wanders across a print."""
GLARE, GLARING = 250, 0.05
"""A region of which more than this share is brighter than that shows nothing."""
OWN_LIGHT = 1.4
"""When each region of the sheet may have light of its own, less is left: so many times that counts as all
that is left, or all that is left does, whichever is less. Of a lamp that is mirrored in a screen hardly
anything remains, of a head that turns three quarters."""
CHANGED = 1.0
ASIDE = tuple((down, across) for down in (-4, -2, 0, 2, 4) for across in (-4, -2, 0, 2, 4))
"""What seems to have changed so much is looked for beside its place, too, in cells: where the points were
found badly, all of it is there."""


class Changes(NamedTuple):
    """What n textures show, float32[n] each.

    `depth`: how much more is left of the face when all of it is explained as one sheet than when each region
    is explained alone. `eyes`, `mouth`: how much more is left of them than of the other regions; of the eyes
    the one that changes less counts, as eyes move together.
    """

    depth: Array
    eyes: Array
    mouth: Array


class Picture(NamedTuple):
    """One texture, uint8[64, 64]; `fine`: without what varies slowly from cell to cell, float32[64, 64];
    `spectrum`: that, transformed, complex64[64, 33]. Each takes longer to make than to compare."""

    texture: NDArray[np.uint8]
    fine: Array
    spectrum: NDArray[np.complex64]

    @classmethod
    def of(cls, texture: NDArray[np.uint8]) -> "Picture":
        picture = texture.astype(np.float32)
        near = _near()
        fine = np.asarray(picture - near @ picture @ near.T, np.float32)
        return cls(texture, fine, np.fft.rfft2(fine).astype(np.complex64))


def changes(seen: Sequence[Picture]) -> Changes:
    """From two or more pictures of one face."""
    textures, pictures = np.stack([each.texture for each in seen]), np.stack([each.fine for each in seen])
    placed = _placed(np.stack([each.spectrum for each in seen]))
    model = Model(pictures[placed].mean(axis=0) if placed.any() else pictures.mean(axis=0))
    regions = [_Seen.of(pictures, model, region) for region in (*EYES, MOUTH, *OTHERS)]
    (right, left_eye, mouth), others = regions[:3], regions[3:]
    elsewhere = np.sort([each.left for each in others], axis=0)[-2]
    eyes = [_excess(textures, pictures, each, elsewhere) for each in (right, left_eye)]
    return Changes(
        depth=_depth(pictures, model, (right, left_eye, *others)) * placed,
        eyes=np.minimum(*eyes) * placed,
        mouth=_excess(textures, pictures, mouth, elsewhere) * placed,
    )


def _placed(spectra: NDArray[np.complex64]) -> NDArray[np.bool_]:
    """Which show the face where the mean of all shows it, bool[n]: the others' points were badly found."""
    alike = np.fft.irfft2(spectra * np.conj(spectra.mean(axis=0)), (TEXTURE_SIDE, TEXTURE_SIDE))
    best = alike.reshape(len(spectra), -1).argmax(axis=1)
    moved = np.stack(np.unravel_index(best, alike.shape[1:]))
    return np.asarray((np.minimum(moved, TEXTURE_SIDE - moved) < MISPLACED).all(axis=0))


@lru_cache
def _near() -> Array:
    """The mean of what is near, float32[64, 64], of rows or columns."""
    apart = np.subtract.outer(np.arange(TEXTURE_SIDE), np.arange(TEXTURE_SIDE))
    near = np.exp(-(apart**2) / (2 * SURROUNDINGS**2))
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)


class _Seen(NamedTuple):
    """A region, a basis of the changes that a print shows there, `left`: what they do not explain,
    float32[n], and `slack`: how much of that says nothing."""

    region: Region
    base: Array
    left: Array
    slack: float

    @classmethod
    def of(cls, pictures: Array, model: Model, region: Region) -> "_Seen":
        base = model.moved(region)
        slack = LEAST + RELIEF**2 * model.contrast(region)
        return cls(region, base, unexplained(region.of(pictures), base), slack)


def _depth(pictures: Array, model: Model, seen: tuple[_Seen, ...]) -> Array:
    sheet = np.zeros_like(pictures)
    whole = left(FACE.of(pictures), model.bent(FACE))
    rows, columns = FACE.bottom - FACE.top, FACE.right - FACE.left
    sheet[:, FACE.top : FACE.bottom, FACE.left : FACE.right] = whole.reshape(-1, rows, columns)
    shown = [each.region.of(sheet) for each in seen]
    as_sheet = np.sum([(each**2).mean(axis=1) for each in shown], axis=0)
    own_light = [unexplained(left_, lit(each.region)) for left_, each in zip(shown, seen, strict=True)]
    alone = np.sum([each.left + each.slack for each in seen], axis=0)
    return np.asarray(np.minimum(as_sheet, OWN_LIGHT * np.sum(own_light, axis=0)) / alone, np.float32)


def _excess(textures: NDArray[np.uint8], pictures: Array, seen: _Seen, elsewhere: Array) -> Array:
    """How much more is left of a region than elsewhere, float32[n]; nothing where it glares."""
    least = elsewhere + seen.slack
    excess = seen.left / least
    changed = np.flatnonzero(excess >= CHANGED)
    if len(changed):
        moved = [unexplained(seen.region.of(pictures[changed], *aside), seen.base) for aside in ASIDE]
        excess[changed] = np.min(moved, axis=0) / least[changed]
    glaring = (seen.region.of(textures) >= GLARE).mean(axis=1) > GLARING
    return np.asarray(np.where(glaring, 0, excess), np.float32)
