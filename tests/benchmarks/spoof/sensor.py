"""What the camera adds to the light that reaches it: defocus, exposure, noise; and JPEG compression."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""uint8[height, width, 3], BGR."""
GRAIN = 1024
"""Side in pixels of the field of noise that every frame's noise is cut from."""


@lru_cache
def _grain() -> NDArray[np.float32]:
    """float32[GRAIN, GRAIN, 3], standard deviation 1: a little coarser than pixels, as of real chips."""
    grain = np.random.default_rng(0).standard_normal((GRAIN, GRAIN, 3), np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.5).astype(np.float32)
    coarse: NDArray[np.float32] = grain / grain.std()
    return coarse


@dataclass(frozen=True)
class Sensor:
    """`defocus`: standard deviation of the blur, pixels. `gain`: of blue, green, red. `flicker`: share by
    which the light changes at `flicker_rate` Hz. `noise`: standard deviation at full brightness,
    of 255. `quality`: of the JPEG."""

    defocus: float
    gain: tuple[float, float, float]
    flicker: float
    flicker_rate: float
    noise: float
    quality: int

    def jpeg(self, light: Frame, at: float, random: np.random.Generator) -> bytes:
        """The frame of time `at` as the terminal would send it."""
        blurred = cv2.GaussianBlur(light, (0, 0), self.defocus)
        gain = np.array(self.gain) * (1 + self.flicker * np.sin(2 * np.pi * self.flicker_rate * at))
        levels = np.arange(256)[:, None] * gain
        exposed = cv2.LUT(blurred, np.clip(levels, 0, 255).astype(np.uint8)[None])
        deviation = self.noise * np.sqrt(0.15 + 0.85 * np.arange(256) / 255)
        height, width = light.shape[:2]
        top, left = random.integers(GRAIN - height), random.integers(GRAIN - width)
        grain = _grain()[top : top + height, left : left + width]
        noisy = exposed + grain * cv2.LUT(exposed, deviation.astype(np.float32))
        kept = cv2.convertScaleAbs(np.maximum(noisy, 0))
        return cv2.imencode(".jpg", kept, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1].tobytes()


def sensor(random: np.random.Generator) -> Sensor:
    """Some camera in some light."""
    brightness = random.uniform(0.8, 1.15)
    red, blue = random.uniform(0.93, 1.07, 2)
    return Sensor(
        defocus=random.uniform(0.4, 1.0),
        gain=(brightness * blue, brightness, brightness * red),
        flicker=random.uniform(0.0, 0.02),
        flicker_rate=random.uniform(0.2, 7.0),
        noise=random.uniform(1.5, 6.0),
        quality=int(random.integers(70, 93)),
    )
