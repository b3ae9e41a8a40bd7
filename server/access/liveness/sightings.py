"""One unbroken run of sightings of a face: evidence about it never reaches across a gap or a jump."""

from collections import deque
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.change import Picture
from server.access.liveness.geometry import Points, Shape, shape
from server.access.seen import TEXTURE_SIDE, Landmarks

GAP_SECONDS = 0.5
"""After so long unseen another face may stand there."""
JUMP, SPEED = 0.5, 12.0
"""How far a face may move between two sightings, in sizes (`Shape`), and more for each second."""
ZOOM, ZOOM_SPEED = 0.12, 0.6
"""How much larger or smaller it may become (logarithm), and more for each second."""
CHANGE, CHANGE_SPEED = 0.1, 0.3
"""How much its shape may change (root mean square, in sizes), and more for each second. Two videos stay below
0.08 from frame to frame at 12 a second, and below 0.11 at 6; two people differ by 0.14 (median)."""
INNER_LIPS = (62, 66)
"""Middle of the inner edge of the upper and of the lower lip."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face at time `at`, seconds. `gape`: how far apart its lips are, in sizes (`Shape`). `texture`:
    uint8[64, 64], and `presence`, `antispoof` as in `Landmarks`."""

    at: float
    shape: Shape
    gape: float
    yaw: float
    presence: float | None
    texture: NDArray[np.uint8] | None
    antispoof: float | None

    @classmethod
    def take(cls, at: float, landmarks: Landmarks) -> "Sighting":
        found = shape(landmarks.points)
        return cls(
            at=at,
            shape=found,
            gape=apart(landmarks.points) / found.size,
            yaw=landmarks.pose.yaw,
            presence=landmarks.presence,
            texture=_texture(landmarks.texture),
            antispoof=landmarks.antispoof,
        )

    @cached_property
    def picture(self) -> Picture | None:
        """Its texture, ready to be compared."""
        return None if self.texture is None else Picture.of(self.texture)


def _texture(cells: bytes) -> NDArray[np.uint8] | None:
    return np.frombuffer(cells, np.uint8).reshape(TEXTURE_SIDE, TEXTURE_SIDE) if cells else None


def apart(points: Points) -> float:
    """How far apart the lips are, pixels."""
    upper, lower = points[list(INNER_LIPS)].astype(np.float64)
    return float(np.hypot(*(lower - upper)))


class Run:
    """The sightings of the last seconds, oldest first, as far as they are surely of one face."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: how long sightings are kept."""
        self._seconds = seconds
        self.sightings: deque[Sighting] = deque()

    def add(self, sighting: Sighting) -> bool:
        """Add a later one. False when it does not continue the run: then it begins a new one."""
        unbroken = not self.sightings or continues(self.sightings[-1], sighting)
        if not unbroken:
            self.sightings.clear()
        self.sightings.append(sighting)
        while self.sightings[0].at < sighting.at - self._seconds:
            self.sightings.popleft()
        return unbroken


def continues(before: Sighting, after: Sighting) -> bool:
    """Whether a head can have moved so in the time between."""
    seconds = after.at - before.at
    if not 0 < seconds <= GAP_SECONDS:
        return False
    one, other = before.shape, after.shape
    moved = float(np.hypot(*(other.centre - one.centre))) / min(one.size, other.size)
    zoomed = abs(float(np.log(other.size / one.size)))
    changed = float(np.sqrt(((other.rigid - one.rigid) ** 2).sum(axis=1).mean()))
    return (
        moved <= JUMP + SPEED * seconds
        and zoomed <= ZOOM + ZOOM_SPEED * seconds
        and changed <= CHANGE + CHANGE_SPEED * seconds
    )
