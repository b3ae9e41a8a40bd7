"""Letters for tests: those of all fonts that are on this machine, and those that OpenCV brings."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from client.screen.fonts import OPENCV_FOLDER, Fonts
from client.screen.lettering import Lettering
from client.screen.pieces import RAQM

LETTERING = Lettering(Fonts())
DEJAVU = OPENCV_FOLDER / "DejaVuSansCondensed-Bold.ttf"
needs_dejavu = pytest.mark.skipif(not DEJAVU.exists(), reason="this OpenCV brings no fonts")
needs_raqm = pytest.mark.skipif(not RAQM, reason="there is no libraqm (FriBiDi is not installed)")


def needs_letters(text: str) -> pytest.MarkDecorator:
    missing = LETTERING.legible(text) != text
    return pytest.mark.skipif(missing, reason=f"no font here has {text}")


def written(
    lettering: Lettering, text: str, left: float = 20, baseline: float = 60, width: int = 300
) -> NDArray[Any]:
    """`text`, not made legible, with capitals 30 pixels high: uint8[100, width], black on white is 255."""
    picture = np.zeros((100, width, 3), np.uint8)
    lettering.write(picture, text, left, baseline, 30, (255, 255, 255))
    ink: NDArray[Any] = picture[:, :, 0]
    return ink
