"""Textures of a face, or of a print of it, as the worker would cut them: ideal but for what is asked."""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.liveness.change import EYES, MOUTH
from server.access.seen import TEXTURE_SIDE, Landmarks
from tests.support.heads import head

SIDE = TEXTURE_SIDE
MARGIN = 16
CONTRAST, BRIGHTNESS = 45.0, 120.0


class Skin:
    """Some face. Its texture has as much to see as real ones."""

    def __init__(self, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        noise = random.normal(size=(SIDE + 2 * MARGIN,) * 2).astype(np.float32)
        smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4.0), np.float32)
        self.picture = BRIGHTNESS + CONTRAST * smooth / smooth.std()

    def seen(
        self,
        turned: float = 0.0,
        tilted: float = 0.0,
        aside: float = 0.0,
        shut: float = 0.0,
        speaking: float = 0.0,
        gain: float = 1.0,
        blur: float = 0.0,
        mirrored: float | None = None,
    ) -> NDArray[np.float32]:
        """float32[64, 64]. `turned`: how far the nose moves against the rest, cells; `tilted`: how far a
        print's corners move against its middle; `aside`: how far all of it moves. `shut`, `speaking`: how far
        the eyes and the mouth are others than at rest, 0 to 1. `mirrored`: the column of a lamp that is seen
        in it."""
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        across, down = (x - SIDE / 2) / (SIDE / 2), (y - SIDE / 2) / (SIDE / 2)
        depth = np.exp(-(across**2 + down**2) / 0.2)
        moved = x + MARGIN + aside + turned * depth + tilted * across * (across + 0.5 * down)
        flat = cv2.remap(
            self.picture, moved.astype(np.float32), (y + MARGIN).astype(np.float32), cv2.INTER_CUBIC
        )
        for region, share in ((EYES[0], shut), (EYES[1], shut), (MOUTH, speaking)):
            part = flat[region.top : region.bottom, region.left : region.right]
            part += share * (part[::-1, ::-1].copy() - part)
        if mirrored is not None:
            flat += 90 * np.exp(-((x - mirrored) ** 2 + (y - 18) ** 2) / (2 * 9.0**2))
        return np.asarray(gain * (cv2.GaussianBlur(flat, (0, 0), blur) if blur else flat), np.float32)


def shown(picture: NDArray[np.float32], random: np.random.Generator, noise: float = 1.5) -> bytes:
    """With the noise of a camera, as the bytes of a texture."""
    noisy = picture + random.normal(0, noise, picture.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8).tobytes()


def sighted(
    texture: bytes, presence: float | None = 30.0, antispoof: float | None = None, **held: float
) -> Landmarks:
    """Landmarks with this texture, of a head that looks ahead unless `held` otherwise."""
    ahead = head(**held)
    return Landmarks(
        points=ahead.points, pose=ahead.pose, presence=presence, texture=texture, antispoof=antispoof
    )
