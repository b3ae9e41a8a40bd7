"""Whether a terminal's camera still shows what it should: dark, covered, frozen, moved. Pure.

It looks at what the worker knows anyway, the scene (`Hints.scene`), and compares JPEGs byte by byte. Nothing
of it decides about a visitor.

The figures below were measured on 470 frames of 11 videos, in half of them a face close up, and on what was
made of them: covered, by a blur of sigma 1/8 of the width, or a plain area with the shade of a lens, under
noise of sigma 3 to 20; dimmed to 7 %; in light from one side, a spot of light, gamma 1/2 and 2; moved, by
cutting out a part, shifting it or turning it.
"""

import math
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.access.seen import Analysis, grid_shape

Grid: TypeAlias = NDArray[np.float32]
"""float32[rows, columns]: a scene, its cells in grey levels, or how they stand out."""
ROWS, COLUMNS = 24, 32
"""What a scene is brought to, at most: noise averages out, and a face is still several cells."""
LEAST_CELLS = 4
"""Across and down: fewer tell nothing."""
EVERY_SECONDS = 1.0
"""How often the scene is looked at."""
HOLD_SECONDS = 10.0
"""For how long a picture must be dark, covered or frozen until it counts, and again be none of it."""

DARK, LIGHT = 16.0, 24.0
"""Grey levels that nine tenths of the scene are below. A face darker than 16 (`quality.Limits.dark`) is too
dark to be compared; the darkest of the frames, of a stage, has 34. Below DARK it is dark, above LIGHT no
more."""
PLAIN, DETAILED = 0.12, 0.2
"""Steps between neighbouring cells, but for the largest hundredth, as a share of that brightness. None of the
frames is below 0.27, dimmed ones included; covered, nine in ten are below PLAIN."""
FROZEN_FRAMES = 8
"""So many frames, over `HOLD_SECONDS`, must be the very same bytes, which a sensor's noise does not let
happen; and so many in a row must differ until it is frozen no more."""

SAMPLE_SECONDS = 2.0
"""How often the scene is compared with the one that has been there."""
SAME, OTHER = 0.6, 0.4
"""Correlation of two scenes, each cell by how it stands out from its neighbours. In another light all stay
above 0.74, of different places none is above 0.14. Shifted by a tenth of the width or more all are below
OTHER, turned by 20 degrees 86 %; turned by 10 hardly any: that is not seen."""
KNOWN_SAMPLES = 30
"""So many samples that are alike make a scene the one that belongs there."""
MOVED_SAMPLES = 30
"""So many that are alike, and not like it, mean that the camera was moved: no visitor stands still for so
long with nobody's face in view."""
NEW_SAMPLES = 300
"""After so many more it is the scene that belongs there."""
_REACH = 3
"""Cells to each side that are a cell's neighbours."""
_EVEN = 0.01
"""Variance of the logarithm of brightness below which neighbours hardly differ: what little they do does not
count."""


class CameraState(str, Enum):
    """What is wrong with a terminal's picture. Of several the first is told."""

    NO_PICTURE = "no_picture"
    """As the terminal says: there is nothing to see here."""
    DARK = "dark"
    COVERED = "covered"
    FROZEN = "frozen"
    MOVED = "moved"
    OK = "ok"


class Camera:
    """One terminal's camera, over time. `state`: as it is known."""

    def __init__(self, min_face: int) -> None:
        """`min_face`: of the hints, which the grid of a scene follows from."""
        self.state = CameraState.OK
        self._min_face = min_face
        self._place = _Place()
        self._looked = -math.inf
        self._sampled = -math.inf
        self._light = CameraState.OK
        self._light_changed: float | None = None
        self._size = (0, 0)
        self._stillness = _Stillness()

    def see(self, jpeg: bytes, analysis: Analysis, now: float) -> bool:
        """Take in a frame received at `now` (monotonic seconds, never decreasing). Returns whether the state
        has changed."""
        self._stillness.see(jpeg, now)
        if now - self._looked < EVERY_SECONDS:
            return False
        self._looked = now
        if self._size != (analysis.width, analysis.height):
            self._size, self._place = (analysis.width, analysis.height), _Place()
        scene = _coarse(analysis, self._min_face)
        if scene is not None:
            self._see_scene(scene, bool(analysis.faces), now)
        before, self.state = self.state, self._told()
        return self.state is not before

    def _see_scene(self, scene: Grid, somebody: bool, now: float) -> None:
        light = CameraState.OK if somebody else _light(scene, self._light)
        if light is self._light:
            self._light_changed = None
        elif self._light_changed is None:
            self._light_changed = now
        elif now - self._light_changed >= HOLD_SECONDS:
            self._light, self._light_changed = light, None
        if light is CameraState.OK and not somebody and now - self._sampled >= SAMPLE_SECONDS:
            self._sampled = now
            self._place.see(_outstanding(scene))

    def _told(self) -> CameraState:
        if self._light is not CameraState.OK:
            return self._light
        if self._stillness.frozen:
            return CameraState.FROZEN
        return CameraState.MOVED if self._place.moved else CameraState.OK


class _Stillness:
    """Whether the very same picture comes again and again."""

    def __init__(self) -> None:
        self.frozen = False
        self._jpeg = b""
        self._since = -math.inf
        self._repeated = 0
        self._fresh = 0

    def see(self, jpeg: bytes, now: float) -> None:
        if jpeg == self._jpeg:
            self._repeated, self._fresh = self._repeated + 1, 0
        else:
            self._jpeg, self._since, self._repeated, self._fresh = jpeg, now, 0, self._fresh + 1
        if self._repeated >= FROZEN_FRAMES and now - self._since >= HOLD_SECONDS:
            self.frozen = True
        elif self._fresh >= FROZEN_FRAMES:
            self.frozen = False


class _Place:
    """Which scene belongs before the camera, learnt while nobody's face is in view. `moved`: another one has
    been there for some time, and goes on being there."""

    def __init__(self) -> None:
        self.moved = False
        self._known: Grid | None = None
        self._other: Grid | None = None
        self._alike = 0

    def see(self, scene: Grid) -> None:
        """`scene`: as `_outstanding` tells."""
        if self._known is not None and self._is_known(self._known, scene):
            return
        if self._other is None or _correlation(self._other, scene) < SAME:
            self._other, self._alike = scene, 0
        self._alike += 1
        self._other = self._other + (scene - self._other) / np.float32(self._alike)
        if self._known is None:
            if self._alike >= KNOWN_SAMPLES:
                self._belongs(self._other)
        elif self._alike >= MOVED_SAMPLES + NEW_SAMPLES:
            self._belongs(self._other)
        elif self._alike >= MOVED_SAMPLES:
            self.moved = True

    def _is_known(self, known: Grid, scene: Grid) -> bool:
        """Whether the scene may be the known one, which then follows it slowly."""
        alike = _correlation(known, scene)
        if alike < (SAME if self.moved else OTHER):
            return False
        self.moved, self._other = False, None
        if alike >= SAME:
            self._known = known + (scene - known) / np.float32(2 * KNOWN_SAMPLES)
        return True

    def _belongs(self, scene: Grid) -> None:
        self._known, self._other, self.moved = scene, None, False


def _coarse(analysis: Analysis, min_face: int) -> Grid | None:
    """The scene on a grid of at most `ROWS` x `COLUMNS`; None without one, or where it has too few cells."""
    rows, columns = grid_shape(analysis.width, analysis.height, min_face)
    if analysis.scene is None or len(analysis.scene) != rows * columns or min(rows, columns) < LEAST_CELLS:
        return None
    cells = np.frombuffer(analysis.scene, np.uint8).reshape(rows, columns).astype(np.float32)
    down, across = _bins(rows, min(ROWS, rows)), _bins(columns, min(COLUMNS, columns)).T
    return np.asarray(down @ cells @ across, np.float32)


def _light(scene: Grid, before: CameraState) -> CameraState:
    """Whether it is dark or covered; what it was `before` is left only by a margin."""
    level = _above(scene, 0.9)
    if level < (LIGHT if before is CameraState.DARK else DARK):
        return CameraState.DARK
    steps = np.concatenate([np.diff(scene, axis=0).ravel(), np.diff(scene, axis=1).ravel()])
    detail = _above(np.abs(steps), 0.99) / level
    plain = detail < (DETAILED if before is CameraState.COVERED else PLAIN)
    return CameraState.COVERED if plain else CameraState.OK


def _above(values: Grid, share: float) -> float:
    """What this share of the values, some, is below."""
    at = int(share * (values.size - 1))
    return float(np.partition(values, at, axis=None)[at])


def _outstanding(scene: Grid) -> Grid:
    """How each cell stands out from its neighbours, whatever the light."""
    down, across = _neighbours(scene.shape[0]), _neighbours(scene.shape[1]).T
    level = np.log1p(scene)
    mean = down @ level @ across
    variance = np.maximum(down @ (level * level) @ across - mean * mean, 0.0)
    return np.asarray((level - mean) / np.sqrt(variance + np.float32(_EVEN)), np.float32)


@lru_cache(16)
def _bins(cells: int, bins: int) -> Grid:
    """float32[bins, cells]: multiplied by it, `cells` values become the means of so many bins."""
    edges = np.linspace(0, cells, bins + 1).round()
    at = np.arange(cells)
    held = (edges[:-1, None] <= at) & (at < edges[1:, None])
    return np.asarray(held / held.sum(axis=1, keepdims=True), np.float32)


@lru_cache(16)
def _neighbours(cells: int) -> Grid:
    """float32[cells, cells]: multiplied by it, each value becomes the mean of itself and its neighbours."""
    at = np.arange(cells)
    near = np.abs(at[:, None] - at) <= _REACH
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)


def _correlation(one: Grid, other: Grid) -> float:
    """-1 to 1; 0 for scenes of different shapes, and where there is nothing to compare."""
    if one.shape != other.shape:
        return 0.0
    first, second = (one - one.mean()).ravel(), (other - other.mean()).ravel()
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size > 0 else 0.0
