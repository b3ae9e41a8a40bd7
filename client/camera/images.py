"""Photos on disk."""

from pathlib import Path

import cv2
import numpy as np

from client.camera.frames import Image
from client.exits import Exit, FatalError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def image_paths(path: Path) -> list[Path]:
    """`path` itself when it is a file, else the images in the folder, sorted by name.

    Raises FatalError: it does not exist, cannot be read, or holds no image.
    """
    try:
        if path.is_file():
            return [path]
        found = sorted(entry for entry in path.iterdir() if is_image(entry) and entry.is_file())
    except FileNotFoundError:
        raise FatalError(Exit.SOURCE, f"{path}: no such file or folder") from None
    except OSError as error:
        raise FatalError(Exit.SOURCE, f"{path}: {error.strerror or error}") from error
    if not found:
        raise FatalError(Exit.SOURCE, f"{path}: the folder holds no image ({', '.join(sorted(SUFFIXES))})")
    return found


def load_image(path: Path) -> Image | None:
    """The picture in `path`, upright; None when it cannot be read or decoded."""
    try:
        # Not cv2.imread: on Windows it cannot open paths outside the code page.
        data = np.frombuffer(path.read_bytes(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
