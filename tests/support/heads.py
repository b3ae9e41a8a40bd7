"""Landmarks of a head, or of a sheet with a face on it, as a camera sees them: ideal but for what is
asked."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.geometry import HEAD, RIGID
from server.access.seen import Landmarks, Pose

FOCAL, CENTRE = 640.0, (320.0, 240.0)
LIDS = {
    37: (-3.7, -3.2, -3.95),
    38: (-2.7, -3.2, -4.1),
    40: (-2.7, -2.0, -3.85),
    41: (-3.7, -2.0, -3.65),
    43: (2.7, -3.2, -4.1),
    44: (3.7, -3.2, -3.95),
    46: (3.7, -2.0, -3.65),
    47: (2.7, -2.0, -3.85),
}
"""Points of the eyelids, in the coordinates of `HEAD`."""
LIPS = {62: (0.0, 4.0, -5.1), 66: (0.0, 4.2, -5.1)}
"""Middle of the inner edges of the lips."""


def face(gape: float = 0.0) -> NDArray[np.float64]:
    """float64[68, 3], centimetres; points that liveness does not look at are 0. `gape`: how much
    farther than at rest the lips are apart."""
    points = np.zeros((68, 3))
    points[list(RIGID)] = HEAD
    for index, place in (*LIDS.items(), *LIPS.items()):
        points[index] = place
    points[66, 1] += gape
    return points


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Signs as in `Landmarks`, degrees."""
    a, b, c = np.radians((-yaw, -pitch, roll))
    about_y = np.array([(np.cos(a), 0, np.sin(a)), (0, 1, 0), (-np.sin(a), 0, np.cos(a))])
    about_x = np.array([(1, 0, 0), (0, np.cos(b), -np.sin(b)), (0, np.sin(b), np.cos(b))])
    about_z = np.array([(np.cos(c), -np.sin(c), 0), (np.sin(c), np.cos(c), 0), (0, 0, 1)])
    return np.asarray(about_y @ about_x @ about_z)


def seen(
    body: NDArray[np.float64],
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    distance: float = 60.0,
    across: float = 0.0,
) -> NDArray[np.float32]:
    """float32[68, 2], pixels of a body that turns about its own middle. `distance`, `across`: centimetres."""
    middle = HEAD.mean(axis=0)
    placed = (body - middle) @ rotation(yaw, pitch, roll).T + (across, 0, distance)
    return np.asarray(FOCAL * placed[:, :2] / placed[:, 2:] + CENTRE, np.float32)


def head(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    distance: float = 60.0,
    across: float = 0.0,
    gape: float = 0.0,
    antispoof: float | None = None,
) -> Landmarks:
    """A real one."""
    points = seen(face(gape), yaw, pitch, roll, distance, across)
    return Landmarks(points, Pose(yaw, pitch, roll), antispoof=antispoof)


def sheet(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    distance: float = 60.0,
    across: float = 0.0,
    curvature: float = 0.0,
    claimed: float | None = None,
    gape: float = 0.0,
) -> Landmarks:
    """A photo of a face that looks ahead, flat or bent about a vertical axis (`curvature`: 1/cm). `claimed`:
    the yaw that is taken for the head's."""
    body = face(gape)
    body[:, 2] = HEAD[:, 2].mean()
    if curvature:
        body[:, 2] += (1 - np.cos(body[:, 0] * curvature)) / curvature
        body[:, 0] = np.sin(body[:, 0] * curvature) / curvature
    points = seen(body, yaw, pitch, roll, distance, across)
    return Landmarks(points, Pose(yaw if claimed is None else claimed, pitch, roll))


def noisy(landmarks: Landmarks, pixels: float, random: np.random.Generator) -> Landmarks:
    """With points off by this standard deviation."""
    points = landmarks.points + random.normal(0, pixels, landmarks.points.shape).astype(np.float32)
    return replace(landmarks, points=points)
