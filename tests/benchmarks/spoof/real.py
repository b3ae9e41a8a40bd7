"""Real people before the camera, as streams: footage as it is, and footage assembled to obey."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import Clip, clip
from tests.benchmarks.spoof.sources import Footage
from wire.reasons import Prompt

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


REST = (13.0, 18.0)
"""Seconds of webcam_turning.mp4 in which he looks ahead, and keeps still."""
SEGMENTS = {
    Prompt.TURN_RIGHT: (19.3, 20.1),
    Prompt.TURN_LEFT: (20.6, 21.1),
    Prompt.BLINK: (25.2, 26.1),
    Prompt.COME_CLOSER: (31.2, 32.8),
}
"""Seconds in which he does by himself what a challenge asks for: from looking ahead to the farthest."""
REACTION, RETURN = 0.5, 0.3
"""Seconds until the assembled visitor does as he is asked, and until he looks ahead again."""


@dataclass(frozen=True, eq=False)
class Assembled:
    """Footage cut so that its person seems to do as he is asked. `begun`: seconds of
    his rest that are over when he comes."""

    whole: Clip
    begun: float

    def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes:
        options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        frame = self.whole.at(self._second(at, asked))
        return cv2.imencode(".jpg", frame, options)[1].tobytes()

    def _second(self, at: float, asked: Sequence[Asked]) -> float:
        """Which second of the footage is shown."""
        rest = REST[0] + abs((at + self.begun) % (2 * (REST[1] - REST[0])) - (REST[1] - REST[0]))
        if not asked:
            return rest
        if asked[-1].prompt in SEGMENTS:
            start, end = SEGMENTS[asked[-1].prompt]
            gone = at - asked[-1].since - REACTION
            return rest if gone < 0 else min(start + gone, end)
        steps = [each for each in asked if each.prompt in SEGMENTS]
        if not steps:
            return rest
        start, _ = SEGMENTS[steps[-1].prompt]
        farthest = self._second(asked[-1].since, asked[:-1])
        back = farthest - max(0.0, at - asked[-1].since - RETURN)
        return back if back > start and farthest >= start else rest


def assembled(path: Path, begun: float) -> Assembled:
    """A visitor who does as he is asked, made of webcam_turning.mp4."""
    return Assembled(clip(path, 0.0, 54.0), begun)
