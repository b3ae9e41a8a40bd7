"""The view of a door camera: a room, somebody's shoulders, and the sheet or screen that is held up."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.spoof.geometry import Bend, Camera, Points, Pose, Rays, looked_at, seen
from tests.benchmarks.spoof.portrait import PIXELS_PER_MM
from tests.benchmarks.spoof.sensor import Frame

CAMERA = Camera()
OUTLINE = 24
"""Points along each edge of a sheet that are projected to find where it is in the picture."""
DIM = 0.3
"""Share of the light on a sheet that depends on the angle at which the lamp sees it."""
FLAT = Bend()
LAMP = (0.2, -0.5, -0.84)
"""Direction towards it: above and behind the camera."""


@dataclass(frozen=True)
class Screen:
    """What a display adds. `pitch`: of its pixels, mm; `grid`: how much of their pattern is left between them
    at the camera's resolution; `lamp`: direction from which a lamp is mirrored; `glare`: its brightness, of
    255; `spread`: its size; `band`: depth of the dark band that wanders through the picture, `beat` times per
    second; `glow`: brightness of the display."""

    pitch: float
    grid: float
    lamp: tuple[float, float, float]
    glare: float
    spread: float
    band: float
    beat: float
    glow: float


def screen(random: np.random.Generator) -> Screen:
    """A telephone, a tablet or a monitor."""
    return Screen(
        pitch=random.uniform(0.06, 0.27),
        grid=random.uniform(0.03, 0.12),
        lamp=(random.uniform(-0.5, 0.5), random.uniform(-0.7, -0.2), -1.0),
        glare=random.uniform(30, 150),
        spread=random.uniform(0.04, 0.15),
        band=random.uniform(0.01, 0.06),
        beat=random.uniform(0.05, 1.5),
        glow=random.uniform(0.85, 1.15),
    )


def room(random: np.random.Generator) -> Frame:
    """A wall, something on it, and the shoulders of whoever stands behind the sheet; out of focus."""
    wall = random.uniform(90, 200, 3) * 0.4 + random.uniform(60, 150) * 0.6
    across = np.linspace(1, random.uniform(0.7, 1.1), CAMERA.width)
    shade = np.linspace(1.1, 0.8, CAMERA.height)[:, None, None] * across[:, None]
    view = np.ascontiguousarray(np.clip(wall * shade, 0, 255).astype(np.uint8))
    for _ in range(4):
        corner = random.integers(0, [CAMERA.width, 300])
        size = random.integers(30, 200, 2)
        colour = random.uniform(30, 220, 3).tolist()
        cv2.rectangle(view, corner.tolist(), (corner + size).tolist(), colour, -1)
    cloth = random.uniform(20, 140, 3).tolist()
    cv2.ellipse(view, (320, 500), (int(random.integers(190, 260)), 190), 0, 0, 360, cloth, -1)
    return cv2.GaussianBlur(view, (0, 0), 4.0).astype(np.uint8)


def on_sheet(pixels: Points, centre: Points) -> Points:
    """Where pixels of a portrait, float64[n, 2], are on its sheet, in mm from the face's middle."""
    return (pixels - centre) / PIXELS_PER_MM


@dataclass(frozen=True, eq=False)
class Shown:
    """One surface in front of the camera. `picture`: at `PIXELS_PER_MM`; `centre`: the pixel of it that is
    the sheet's origin; `holes`: uint8, 255 where it is cut out; `display`: it is a screen."""

    picture: Frame
    centre: Points
    pose: Pose
    bend: Bend = FLAT
    holes: NDArray[np.uint8] | None = None
    display: Screen | None = None


def put(view: Frame, shown: Shown, at: float = 0.0) -> None:
    """Draw the surface into the view, at `at` seconds, before whatever is there."""
    height, width = shown.picture.shape[:2]
    along = np.linspace(0, 1, OUTLINE)
    edge = np.concatenate([[(s, 0), (s, 1), (0, s), (1, s)] for s in along]) * [width - 1, height - 1]
    outline = seen(CAMERA, shown.pose, shown.bend, on_sheet(edge, shown.centre))
    left, top = np.maximum(np.floor(outline.min(axis=0)), 0).astype(int).tolist()
    limits = [CAMERA.width, CAMERA.height]
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)) + 1, limits).astype(int).tolist()
    if left >= right or top >= bottom:
        return
    box = (left, top, right, bottom)
    where = looked_at(CAMERA, shown.pose, shown.bend, box)
    x, y = where * np.float32(PIXELS_PER_MM) + shown.centre.astype(np.float32)[:, None, None]
    light = cv2.remap(shown.picture, x, y, cv2.INTER_LINEAR).astype(np.float32) * _lit(shown, where)
    if shown.display is not None:
        light = _display(shown.display, light, where, shown.pose, box, at)
    solid = np.full((height, width), 255, np.uint8) if shown.holes is None else 255 - shown.holes
    cover = cv2.remap(solid, x, y, cv2.INTER_LINEAR)[..., None] * np.float32(1 / 255)
    part = view[top:bottom, left:right]
    part[:] = cv2.convertScaleAbs(np.maximum(part + (light - part) * cover, 0))


def _lit(shown: Shown, where: Rays) -> NDArray[np.float32]:
    """How bright each point is, float32[h, w, 1], by how it faces a lamp above the camera."""
    if shown.display is not None:
        return np.full((1, 1, 1), shown.display.glow, np.float32)
    lamp = (np.array(LAMP) @ shown.pose.rotation).astype(np.float32)
    if shown.bend.curvature == 0:
        facing = np.full((1, 1), -lamp[2])
    else:
        angle = np.radians(shown.bend.axis)
        slope = (where[0] * np.float32(np.cos(angle)) + where[1] * np.float32(np.sin(angle))) * np.float32(
            shown.bend.curvature
        )
        across = lamp[0] * np.float32(np.cos(angle)) + lamp[1] * np.float32(np.sin(angle))
        facing = np.nan_to_num(np.sin(slope) * across - np.cos(slope) * lamp[2])
    lit: NDArray[np.float32] = (1 - DIM + DIM * np.clip(facing, 0, 1))[..., None].astype(np.float32)
    return lit


def _display(
    display: Screen,
    light: NDArray[np.float32],
    where: Rays,
    pose: Pose,
    box: tuple[int, int, int, int],
    at: float,
) -> NDArray[np.float32]:
    """The light of a screen: its pixels against the camera's (moire), the band of its refresh, a lamp in its
    glass. `where`: mm on the screen."""
    phase = where * np.float32(2 * np.pi / display.pitch)
    y = np.arange(box[1], box[3], dtype=np.float32)[:, None] / CAMERA.height
    band = 1 - display.band * (0.5 + 0.5 * np.sin(2 * np.pi * (y + np.float32(display.beat * at))))
    rows = (1 + np.float32(display.grid) * np.sin(phase[1])) * band.astype(np.float32)
    thirds = np.array([-2, 0, 2], np.float32) * np.float32(np.pi / 3)
    columns = 1 + np.float32(display.grid) * np.sin(phase[0][..., None] + thirds)
    glare = _mirrored(display, pose, CAMERA.rays(*box))
    shine: NDArray[np.float32] = light * rows[..., None] * columns + glare[..., None]
    return shine


def _mirrored(display: Screen, pose: Pose, rays: Rays) -> NDArray[np.float32]:
    """The lamp in the glass, float32[h, w]: what is mirrored there, by its angle to the lamp's direction."""
    normal = pose.rotation @ [0, 0, -1]
    mirror = np.eye(3) - 2 * np.outer(normal, normal)
    lamp = mirror @ np.array(display.lamp) / np.linalg.norm(display.lamp)
    towards = np.tensordot(lamp.astype(np.float32), rays, 1) / np.sqrt((rays * rays).sum(axis=0))
    glare: NDArray[np.float32] = np.float32(display.glare) * np.exp(
        (towards - 1) * np.float32(2 / display.spread**2)
    )
    return glare
