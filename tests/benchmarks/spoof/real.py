"""Real people before the camera, as streams: footage as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import Clip, clip
from tests.benchmarks.spoof.sources import Footage

QUALITY = 90
"""Of the JPEG that a terminal sends."""


@dataclass(frozen=True, eq=False)
class Filmed:
    """A piece of footage as it is, once."""

    piece: Clip

    def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes | None:
        """The frame nearest to time `at`; None after the last one."""
        index = round(at * self.piece.rate)
        if index >= len(self.piece.frames):
            return None
        options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        return cv2.imencode(".jpg", self.piece.frames[index], options)[1].tobytes()


def windows(footage: Footage, seconds: float) -> list[float]:
    """Where parts of `seconds` begin that do not overlap; one, when it is shorter than two."""
    count = max(1, int((footage.end - footage.start) / seconds))
    return [footage.start + index * seconds for index in range(count)]


def filmed(footage: Footage, start: float, seconds: float) -> Filmed:
    """The person of the footage, from `start` on."""
    return Filmed(clip(footage.path, start, min(seconds, footage.end - start)))
