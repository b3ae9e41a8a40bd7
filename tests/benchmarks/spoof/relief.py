"""A head in front of the camera: a portrait laid over the shape of a head, that can really be turned.

It is what a person, or a good mask, looks like to anything that goes by geometry.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.spoof.geometry import Points, Pose
from tests.benchmarks.spoof.head import MORE, POINTS
from tests.benchmarks.spoof.holding import Held
from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import PIXELS_PER_MM, Portrait
from tests.benchmarks.spoof.scene import CAMERA
from tests.benchmarks.spoof.sensor import Frame

NECK = 60.0
"""How far behind the mean of the face's points the axis lies about which the head turns, in mm."""
BACK, AROUND = -9.0, 1.4
"""Depth of hair and ears, in cm, and where it is reached: so many times as far out as the jaw."""
GRID = 56
"""Points along each edge of the portrait at which the depth is interpolated exactly."""


@dataclass(frozen=True, eq=False)
class Relief:
    """`face`: the portrait. `pixels`: float32[n, 2], those of it that are the head. `depth`: float32[n], mm
    towards the camera, of each. `yaw`: how far the face is turned in the portrait, see `Pose`."""

    face: Portrait
    pixels: NDArray[np.float32]
    depth: NDArray[np.float32]
    yaw: float


def relief(face: Portrait) -> Relief:
    """The portrait with the depth of a head that fits its points."""
    head = POINTS * [1, -1, -1]
    fit, *_ = np.linalg.lstsq(np.column_stack([head, np.ones(len(head))]), face.points, rcond=None)
    scale, rotation = _pose(np.asarray(fit[:3].T, np.float64))
    solid = np.concatenate([head, MORE * [1, -1, -1]])
    more = np.column_stack([solid, np.ones(len(solid))]) @ fit
    towards = -(solid - head.mean(axis=0)) @ rotation[2]
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = face.centre + AROUND * 7.7 * scale * np.column_stack([np.cos(angles), 1.2 * np.sin(angles)])
    places = np.concatenate([face.points, more[len(head) :], ring])
    depths = np.concatenate([towards, np.full(len(ring), BACK)])
    height, width = face.picture.shape[:2]
    rows, columns = np.meshgrid(
        np.linspace(0, height - 1, GRID), np.linspace(0, width - 1, GRID), indexing="ij"
    )
    grid = np.column_stack([columns.ravel(), rows.ravel()])
    coarse = _interpolated(places, depths, grid).reshape(GRID, GRID)
    millimetres = np.maximum(coarse, BACK) * scale / PIXELS_PER_MM
    smooth = cv2.resize(millimetres.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, np.round(ring).astype(np.int32), 1)
    down, across = np.nonzero(inside)
    pixels = np.column_stack([across, down]).astype(np.float32)
    yaw = math.degrees(math.atan2(-rotation[0, 2], rotation[2, 2]))
    return Relief(face, pixels, np.asarray(smooth, np.float32)[down, across], yaw)


def _pose(seen: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Scale and rotation, float64[3, 3], of a head that is seen from far away by `seen`, float64[2, 3]."""
    across = seen[0] / np.linalg.norm(seen[0])
    down = seen[1] - (seen[1] @ across) * across
    down /= np.linalg.norm(down)
    return float(np.linalg.norm(seen, axis=1).mean()), np.stack([across, down, np.cross(across, down)])


def _interpolated(places: Points, values: NDArray[np.float64], wanted: Points) -> NDArray[np.float64]:
    """A thin-plate spline through `values` at `places`, float64[n, 2], at `wanted`, float64[m, 2]."""
    unit = float(np.ptp(places, axis=0).max())
    one, other = places / unit, wanted / unit
    affine = np.column_stack([np.ones(len(one)), one])
    system = np.block([[_plate(one, one) + 1e-4 * np.eye(len(one)), affine], [affine.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([values, np.zeros(3)]))
    result: NDArray[np.float64] = np.column_stack([_plate(other, one), np.ones(len(other)), other]) @ weights
    return result


def _plate(one: Points, other: Points) -> NDArray[np.float64]:
    squares = ((one[:, None] - other) ** 2).sum(axis=2)
    return np.asarray(0.5 * squares * np.log(np.maximum(squares, 1e-12)))


def put_head(view: Frame, head: Relief, picture: Frame, pose: Pose) -> None:
    """Draw the head, with `picture` as its skin, into the view."""
    flat = (head.pixels - head.face.centre.astype(np.float32)) / np.float32(PIXELS_PER_MM)
    solid = np.column_stack([flat, -(NECK + head.depth)]) @ pose.rotation.T.astype(np.float32)
    solid += (pose.place + np.array([0, 0, NECK])).astype(np.float32)
    order = np.argsort(-solid[:, 2])
    seen = np.round(solid[:, :2] / solid[:, 2:] * CAMERA.focal + [319.5, 239.5]).astype(int)[order]
    inside = ((seen >= 0) & (seen < [CAMERA.width, CAMERA.height])).all(axis=1)
    across, down = seen[inside].T
    where = np.full((CAMERA.height, CAMERA.width, 3), 0, np.float32)
    where[down, across] = np.column_stack([head.pixels, np.ones(len(flat), np.float32)])[order][inside]
    filled = cv2.GaussianBlur(where, (5, 5), 0.8)
    cover = cv2.morphologyEx(where[..., 2], cv2.MORPH_CLOSE, np.ones((3, 3)))
    source = filled[..., :2] / np.maximum(filled[..., 2:], 1e-6)
    skin = cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR)
    shown = (cover > 0) & (filled[..., 2] > 0.05)
    view[shown] = skin[shown]


def turning(
    head: Relief, held: Held, behind: Frame, skin: Callable[[float, Sequence[Asked]], Frame]
) -> Callable[[float, Sequence[Asked]], Frame]:
    """The head, moved as `held`, with the portrait that is its `skin` at each time."""

    def light(at: float, asked: Sequence[Asked]) -> Frame:
        view = behind.copy()
        put_head(view, head, skin(at, asked), held.pose(at, asked))
        return view

    return light
