"""Pictures and videos made for tests."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def drawn_face() -> NDArray[Any]:
    """A face as the cascade sees it: light skin, dark hair, eyes and brows, a lighter nose, a mouth."""
    scene = np.full((480, 640, 3), 20, np.uint8)

    def oval(x: int, y: int, width: int, height: int, grey: int) -> None:
        cv2.ellipse(scene, (x, y), (width, height), 0, 0, 360, (grey, grey, grey), cv2.FILLED)

    oval(320, 240, 70, 95, 219)
    oval(320, 165, 70, 45, 30)
    for x in (287, 353):
        oval(x, 213, 15, 9, 21)
        oval(x, 191, 26, 6, 83)
    oval(320, 250, 10, 26, 244)
    oval(320, 297, 34, 9, 66)
    return cv2.GaussianBlur(scene, (0, 0), 5.3)


def write_image(path: Path, grey: int = 128, size: tuple[int, int] = (60, 80)) -> None:
    cv2.imwrite(str(path), np.full((*size, 3), grey, np.uint8))


def write_video(path: Path, frames: int = 20, fps: float = 50) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (80, 60))
    for grey in range(frames):
        writer.write(np.full((60, 80, 3), grey % 25 * 10, np.uint8))
    writer.release()
