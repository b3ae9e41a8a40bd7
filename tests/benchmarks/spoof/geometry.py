"""A pinhole camera and the sheet in front of it: a plane or a cylinder, at any place and angle.

Lengths are millimetres, angles degrees. The camera looks along +z, x is to the right of the picture and y
down. A sheet lies in its own plane z = 0 and shows its printed side towards -z, to the camera.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
"""float64[n, 2] or float64[n, 3]."""
Rays: TypeAlias = NDArray[np.float32]
"""float32[2 or 3, height, width], one vector for each pixel; single precision is a hundredth of a pixel."""


@dataclass(frozen=True)
class Camera:
    """`focal`: in pixels. The optical axis passes through the middle of the picture."""

    width: int = 640
    height: int = 480
    focal: float = 600.0

    def project(self, points: Points) -> Points:
        """Pixels, float64[n, 2], of points in front of the camera, float64[n, 3]."""
        centre = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        flat: Points = points[:, :2] / points[:, 2:] * self.focal + centre
        return flat

    def rays(self, left: int, top: int, right: int, bottom: int) -> Rays:
        """Directions, float32[3, bottom - top, right - left], in which the pixels of a box look; z is 1."""
        x = ((np.arange(left, right) - (self.width - 1) / 2) / self.focal).astype(np.float32)
        y = ((np.arange(top, bottom) - (self.height - 1) / 2) / self.focal).astype(np.float32)
        return np.stack([*np.meshgrid(x, y), np.ones((len(y), len(x)), np.float32)])


@dataclass(frozen=True)
class Pose:
    """Where a sheet is and how it is turned: about its own origin, as a head would be.

    `yaw`: positive to the own left of a person who faces the camera, which is the right of the picture;
    `pitch`: positive upwards; `roll`: positive towards that person's own left shoulder.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 600.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def place(self) -> Points:
        return np.array([self.x, self.y, self.z])

    @property
    def rotation(self) -> NDArray[np.float64]:
        """float64[3, 3], from the sheet's axes to the camera's."""
        yaw, pitch, roll = np.radians([-self.yaw, -self.pitch, self.roll])
        about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
        about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
        rotation: NDArray[np.float64] = np.array(about_y) @ np.array(about_x) @ np.array(about_z)
        return rotation


@dataclass(frozen=True)
class Bend:
    """A sheet rolled into a part of a cylinder. `curvature`: 1 over its radius in mm; positive bulges towards
    the camera, as a face does; 0 is flat. `axis`: angle of the cylinder's axis from the vertical."""

    curvature: float = 0.0
    axis: float = 0.0

    @property
    def _along(self) -> NDArray[np.float64]:
        """float64[2, 2]: rows are the directions across and along the axis, in the sheet."""
        angle = np.radians(self.axis)
        return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def rolled(self, points: Points) -> Points:
        """Points of the flat sheet, float64[n, 2], in space, float64[n, 3], in the sheet's axes."""
        across, along = self._along @ points.T
        if self.curvature == 0:
            return np.column_stack([points, np.zeros(len(points))])
        radius = 1 / self.curvature
        turned = np.column_stack([radius * np.sin(across / radius), along]) @ self._along
        return np.column_stack([turned, radius * (1 - np.cos(across / radius))])

    def hit(self, origin: Points, rays: Rays) -> Rays:
        """Where rays meet the sheet, in its flat coordinates: float32[2, h, w], nan where they do not.

        `origin`: float64[3], where the rays, float32[3, h, w], come from; both in the sheet's axes.
        """
        start = np.asarray(origin, np.float32)
        if self.curvature == 0:
            flat: Rays = start[:2, None, None] - rays[:2] * (start[2] / rays[2])
            return flat
        radius = np.float32(1 / self.curvature)
        turn = self._along.astype(np.float32)
        begin, step = turn @ start[:2], turned(turn, rays[:2])
        a = step[0] ** 2 + rays[2] ** 2
        b = step[0] * begin[0] + rays[2] * (start[2] - radius)
        c = begin[0] ** 2 + (start[2] - radius) ** 2 - radius**2
        with np.errstate(invalid="ignore"):
            far = (-b - np.copysign(np.sqrt(b * b - a * c), radius)) / a
        x, z = begin[0] + far * step[0], start[2] + far * rays[2]
        across = radius * np.arctan2(x * np.sign(radius), (radius - z) * np.sign(radius))
        return turned(turn.T, np.stack([across, begin[1] + far * step[1]]))


def turned(rotation: NDArray[np.floating], rays: Rays) -> Rays:
    """The rays, float32[n, h, w], multiplied by a matrix [n, n]."""
    flat: Rays = rotation.astype(np.float32) @ rays.reshape(len(rays), -1)
    return flat.reshape(rays.shape)


def seen(camera: Camera, pose: Pose, bend: Bend, points: Points) -> Points:
    """Pixels, float64[n, 2], at which the camera sees points of the flat sheet, float64[n, 2]."""
    return camera.project(bend.rolled(points) @ pose.rotation.T + pose.place)


def looked_at(camera: Camera, pose: Pose, bend: Bend, box: tuple[int, int, int, int]) -> Rays:
    """What the pixels of a box (left, top, right, bottom) show: points of the flat sheet, float32[2, h, w],
    nan where they look past the cylinder."""
    return bend.hit(-pose.place @ pose.rotation, turned(pose.rotation.T, camera.rays(*box)))
