"""What the points of a face do when a head turns, and those of a photo of it do not, however it is held.

A sheet of paper that is moved, tilted or bent smoothly moves its points by a function of their place on it
that is nearly quadratic: a homography is so up to third order, and so is a cylinder. A head that turns moves
them as a rigid body with a nose. So each sighting is explained twice, from the mean shape of many: as a
*sheet*, by any quadratic function (12 parameters), and as a *head*, by turning one (4 parameters, and its
place). A sheet is foreshortened without showing depth; what a head does no quadratic function does. A
homography's residual alone tells less: on a print that is tilted by 30 degrees or more, points are found
where those of a head that turns a little would be.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Points = NDArray[np.float32] | Array
"""float[68, 2], pixels: `Landmarks.points`."""

RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
RIGID = (17, 21, 22, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45, 48, 50, 51, 52, 54)
"""Ends of the brows, nose, corners of the eyes, upper lip: what moves little when people speak."""
HEAD: Array = np.array(
    [
        (-5.720968, 4.254584, 2.830852),
        (-1.220941, 4.142165, 5.106035),
        (1.220941, 4.142165, 5.106035),
        (5.720968, 4.254584, 2.830852),
        (0.0, 3.271027, 5.236015),
        (0.0, 1.728369, 6.316750),
        (0.0, 0.365669, 7.242870),
        (0.0, -0.463170, 7.586580),
        (-1.405627, -1.714196, 5.241087),
        (-0.597442, -2.013686, 5.866456),
        (0.0, -2.089024, 6.058267),
        (0.597442, -2.013686, 5.866456),
        (1.405627, -1.714196, 5.241087),
        (-4.445859, 2.663991, 3.173422),
        (-1.856432, 2.585245, 3.757904),
        (1.856432, 2.585245, 3.757904),
        (4.445859, 2.663991, 3.173422),
        (-2.456206, -4.342621, 4.283884),
        (-0.711452, -3.329355, 5.877044),
        (0.0, -3.406404, 5.979507),
        (0.711452, -3.329355, 5.877044),
        (2.456206, -4.342621, 4.283884),
    ]
) * (1, -1, -1)
"""`RIGID` on a head that looks ahead, float64[22, 3], in centimetres, x to the picture's right, y down, z
away: vertices 70, 55, 285, 300, 168, 197, 5, 4, 98, 97, 2, 326, 327, 33, 133, 362, 263, 61, 37, 0, 267, 291
of MediaPipe's canonical face model (Apache-2.0)."""
STEPS = 6
"""Of Gauss and Newton, from a head that looks ahead: enough for turns of 45 degrees."""
LONGEST_STEP = 0.4
"""Radians."""


class Shape(NamedTuple):
    """Where a face is and its shape. `rigid`: float64[22, 2], the rigid points about their middle, level,
    their root mean square distance from it 1. `centre`: float64[2], pixels. `size`: that distance in pixels,
    somewhat more than half of that between the eyes."""

    rigid: Array
    centre: Array
    size: float


def shape(points: Points) -> Shape:
    """The shape without place, size and roll (the line between the eyes becomes level)."""
    every = points.astype(np.float64)
    across = every[LEFT_EYE].mean(axis=0) - every[RIGHT_EYE].mean(axis=0)
    cosine, sine = across / max(float(np.hypot(*across)), 1e-6)
    rigid = every[list(RIGID)]
    centre = rigid.mean(axis=0)
    level = (rigid - centre) @ np.array(((cosine, -sine), (sine, cosine)))
    size = max(_spread(level), 1e-6)
    return Shape(level / size, centre, size)


class Explained(NamedTuple):
    """What is left of n shapes, root mean square in sizes, float64[n], when they are explained as a `sheet`
    and as a `head`."""

    sheet: Array
    head: Array


def explain(shapes: Array, mean: Array) -> Explained:
    """Explain `shapes`, float64[n, 22, 2], from `mean`, float64[22, 2], all as in `Shape.rigid`."""
    return Explained(_left(shapes - _sheet(shapes, mean)), _left(shapes - _turned(lifted(mean), shapes)[0]))


def lifted(mean: Array) -> Array:
    """The mean shape with the depth that a head has there, float64[22, 3]."""
    head = HEAD - HEAD.mean(axis=0)
    head = head / _spread(head[:, :2])
    _, rotations, sizes = _turned(head, mean[np.newaxis])
    return np.column_stack((mean, sizes[0] * (head @ rotations[0].T)[:, 2]))


def _sheet(shapes: Array, mean: Array) -> Array:
    """The nearest quadratic functions of `mean`, float64[n, 22, 2]."""
    x, y = mean.T
    terms = np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), axis=1)
    return np.asarray((terms @ np.linalg.pinv(terms)) @ shapes)


def _turned(body: Array, shapes: Array) -> tuple[Array, Array, Array]:
    """The nearest views of `body`, float64[22, 3], from far away: float64[n, 22, 2], the rotations,
    float64[n, 3, 3], and sizes, float64[n]."""
    rotations, sizes = np.tile(np.eye(3), (len(shapes), 1, 1)), np.ones(len(shapes))
    for _ in range(STEPS):
        turned = body @ rotations.transpose(0, 2, 1)
        missing = shapes - sizes[:, None, None] * turned[..., :2]
        step = _step(turned, sizes, missing)
        length = np.linalg.norm(step[:, :3], axis=1)
        share = np.minimum(1, LONGEST_STEP / np.maximum(length, 1e-9))
        rotations = _rotations(step[:, :3] * share[:, None]) @ rotations
        sizes = sizes + step[:, 3] * share
    views = sizes[:, None, None] * (body @ rotations.transpose(0, 2, 1))[..., :2]
    return views, rotations, sizes


def _step(turned: Array, sizes: Array, missing: Array) -> Array:
    """Rotation vectors and growth, float64[n, 4], that best make up for what is `missing`."""
    x, y, z = (sizes[:, None] * turned[..., axis] for axis in range(3))
    none = np.zeros_like(x)
    across = np.stack((none, z, -y, turned[..., 0]), axis=2)
    down = np.stack((-z, none, x, turned[..., 1]), axis=2)
    slope = np.concatenate((across, down), axis=1)
    wanted = np.concatenate((missing[..., 0], missing[..., 1]), axis=1)
    square = slope.transpose(0, 2, 1) @ slope + 1e-6 * np.eye(4)
    return np.asarray(np.linalg.solve(square, slope.transpose(0, 2, 1) @ wanted[..., None])[..., 0])


def _rotations(vectors: Array) -> Array:
    """Rotation matrices, float64[n, 3, 3], of rotation vectors, float64[n, 3] (Rodrigues)."""
    angles = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None, None]
    x, y, z = vectors.T
    none = np.zeros_like(x)
    rows = ((none, -z, y), (z, none, -x), (-y, x, none))
    crossing = np.stack([np.stack(row, axis=1) for row in rows], axis=1)
    bent = (1 - np.cos(angles)) / angles**2
    return np.asarray(np.eye(3) + np.sin(angles) / angles * crossing + bent * (crossing @ crossing))


def _left(missing: Array) -> Array:
    """Root mean square length, float64[n], of float64[n, 22, 2]."""
    return np.asarray(np.sqrt((missing**2).sum(axis=2).mean(axis=1)))


def _spread(points: Array) -> float:
    """Root mean square distance of points from 0."""
    return float(np.sqrt((points**2).sum(axis=1).mean()))
