"""What many terminals play at once, again and again."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.speed import scenes
from tests.benchmarks.speed.scenes import BEFORE_SECONDS, COME_SECONDS, arrival, coming_and_going, encoded
from tests.benchmarks.speed.visitors import Visitor

STANDING_FRAMES = 80
"""Length of the clips in which nobody comes or goes; they are played to and fro."""


@dataclass(frozen=True)
class Clip:
    """JPEG `frames`; after the last one the first one follows. `visits`: in which of them a visitor is wholly
    in view. `idle`: during which of them a terminal has gone idle, because nobody has been there for long."""

    frames: Sequence[bytes]
    visits: Sequence[range] = ()
    idle: Sequence[range] = ()


def visits(
    men: Sequence[Visitor], starts: Sequence[float], seconds: float, fps: float, *, idle_seconds: float = 0.0
) -> Clip:
    """One man after the other comes for so many seconds, with an empty doorway between them. `starts`: from
    which seconds on they are seen, one visit each. `idle_seconds`: how long, after each visit, the terminal
    is idle."""
    pause, come = round(BEFORE_SECONDS * fps), round(COME_SECONDS * fps)
    nobody = encoded(scenes.empty(pause, fps))
    frames: list[bytes] = []
    there: list[range] = []
    idle: list[range] = []
    for start, man in itertools.product(starts, men):
        frames += nobody
        pictures = man.at_rate(fps, round(start * man.fps), round(seconds * fps))
        there.append(range(len(frames) + arrival(fps), len(frames) + len(pictures) - come))
        frames += encoded(coming_and_going(pictures, fps))
        frames += nobody
        idle.append(range(len(frames), len(frames) + round(idle_seconds * fps)))
        frames += [nobody[at % pause] for at in idle[-1]]
    return Clip(frames, there, idle)


def standing(man: Visitor, fps: float) -> Clip:
    """A man who is always there."""
    return to_and_fro(encoded(man.at_rate(fps, 0, STANDING_FRAMES)))


def empty(fps: float) -> Clip:
    """A doorway with nobody in it."""
    return to_and_fro(encoded(scenes.empty(STANDING_FRAMES, fps)))


def to_and_fro(frames: Sequence[bytes]) -> Clip:
    """The frames, then back again to the first, so that nothing jumps."""
    return Clip([*frames, *frames[-2:0:-1]])
