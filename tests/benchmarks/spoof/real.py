"""Real people before the camera, as streams: footage as it is, once, or there and back until it is enough."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import Clip, clip
from tests.benchmarks.spoof.sensor import Frame
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
        return None if index >= len(self.piece.frames) else _encoded(self.piece.frames[index])


@dataclass(frozen=True, eq=False)
class Repeated:
    """A piece of footage, there and back again without an end."""

    piece: Clip

    def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes:
        """The frame of time `at`; whoever is seen does not do what is asked."""
        return _encoded(self.piece.at(at))


def _encoded(frame: Frame) -> bytes:
    return cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def repeated(footage: Footage, start: float, seconds: float, backward: bool) -> Repeated:
    """The person of the footage, from `start` on or, `backward`, from the end of the piece."""
    piece = clip(footage.path, start, min(seconds, footage.end - start))
    return Repeated(Clip(piece.frames[::-1], piece.rate) if backward else piece)


def windows(footage: Footage, seconds: float) -> list[float]:
    """Where parts of `seconds` begin that do not overlap; one, when it is shorter than two."""
    count = max(1, int((footage.end - footage.start) / seconds))
    return [footage.start + index * seconds for index in range(count)]


def filmed(footage: Footage, start: float, seconds: float) -> Filmed:
    """The person of the footage, from `start` on."""
    return Filmed(clip(footage.path, start, min(seconds, footage.end - start)))
