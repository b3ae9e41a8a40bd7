"""Passive liveness: what a face shows of itself while it waits at the door."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.change import changes
from server.access.liveness.sightings import GAP_SECONDS, Run, Sighting

WINDOW_SECONDS = 6.0
"""Older sightings say nothing."""
WEIGH_SECONDS = 0.4
"""How often they are weighed: that takes 10 to 20 ms."""
PRESENT = 15.0
"""Log odds (`Landmarks.presence`) below which the points are not to be trusted: of prints so unclear that
they are often below, one was found live. Real faces before a camera stay above 20, unless a hand covers
them."""
AHEAD_DEGREES = 25.0
"""Where the head is turned farther than this (yaw), its points are not found well enough."""
GLARE, GLARING = 250, 0.05
"""Where more than this share of the texture is brighter than that, a lamp is mirrored, or the sun shines: its
edges move about on what keeps still."""
SAME_TEXTURE = 0.8
"""Correlation of the textures of two successive sightings below which something else may be seen. Of a man
who talks it is never below 0.89; of two people 0.27 (median; 1 pair in 100 above 0.73), of two photos of one
person 0.39 (1 pair in 30 above 0.8)."""
LEAST_SIGHTINGS = 8
LEAST_SECONDS = 1.0
"""Before, there is too little to tell noise from motion."""
DEPTH_SHARE, DEEP = 0.4, 1.75
"""In so much of the sightings of the window the face must be so much worse explained as a sheet than region
by region (`Changes`). Of 420 simulated prints and screens of as many people the most reached 1.5 in their
first 4 seconds, 98 % less than 1.3; of 45 pieces of real footage, most of 2 seconds, half reach 1.75."""
SOON_SECONDS, SOON_DEEP = 2.5, 2.0
"""What is seen for a shorter time must show more: a share of few sightings is a few of them. Of 600 simulated
prints and screens one reached 1.85 after 1.7 seconds, none more than 1.7 after 2.5."""
EYES_REPEATS, EYES = 3, 2.5
MOUTH_REPEATS, MOUTH = 4, 3.5
"""In how many sightings of the window the eyes, or the mouth, must have changed so much. A man who talks
reaches 5 and 10 (medians)."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a live face. `depth`, `eyes`, `mouth`: what the textures show (`Changes`), 0 where
    there is too little to tell. `seconds`: how long it was seen unbroken, at most the window. `antispoof`:
    share of the sightings that the model took for real; None without one."""

    depth: float = 0.0
    eyes: float = 0.0
    mouth: float = 0.0
    seconds: float = 0.0
    antispoof: float | None = None

    @property
    def strength(self) -> float:
        """What the strongest of it is to what it must be, a model's opinion apart: 1 is enough."""
        deep = DEEP if self.seconds >= SOON_SECONDS else SOON_DEEP
        return max(self.depth / deep, self.eyes / EYES, self.mouth / MOUTH)

    @property
    def live(self) -> bool:
        """Whether that is enough."""
        real = self.antispoof is None or self.antispoof > 0.5
        return real and self.strength >= 1


class Passive:
    """Gathers evidence about one track. Answers live or not proven, never fake."""

    def __init__(self) -> None:
        self._run = Run(WINDOW_SECONDS)
        self._evidence = Evidence()
        self._weighed = -math.inf

    def see(self, sighting: Sighting) -> bool:
        """The face a moment later than before; False when it is not clear, or not like before. A jump forgets
        everything, and so does a gap in which nothing is seen of it, or something else: a hand that passes is
        no part of the face."""
        before = self._run.sightings[-1] if self._run.sightings else None
        soon = before is not None and sighting.at - before.at <= GAP_SECONDS
        if not clear(sighting) or (before is not None and soon and not alike(before, sighting)):
            return False
        if not self._run.add(sighting):
            self._evidence, self._weighed = Evidence(), -math.inf
        return True

    @property
    def evidence(self) -> Evidence:
        """What the sightings of the last seconds show; weighed only where somebody asks, as that takes a
        hundred times as long as to keep them."""
        seen = self._run.sightings
        if seen and seen[-1].at - self._weighed >= WEIGH_SECONDS:
            self._evidence, self._weighed = weigh(tuple(seen)), seen[-1].at
        return self._evidence

    @property
    def live(self) -> bool:
        """Whether they prove a live face; False is not proven."""
        return self.evidence.live


def clear(sighting: Sighting) -> bool:
    """Whether the points were found well enough, and the face can be seen."""
    present = sighting.presence is None or sighting.presence >= PRESENT
    if not present or sighting.texture is None or abs(sighting.yaw) > AHEAD_DEGREES:
        return False
    return float((sighting.texture >= GLARE).mean()) <= GLARING


def alike(before: Sighting, after: Sighting) -> bool:
    """Whether a face can have changed so from one clear sighting to the next."""
    assert before.texture is not None and after.texture is not None
    return float(np.corrcoef(before.texture.ravel(), after.texture.ravel())[0, 1]) >= SAME_TEXTURE


def weigh(sightings: Sequence[Sighting]) -> Evidence:
    """What an unbroken run of clear sightings shows."""
    seconds = sightings[-1].at - sightings[0].at
    scores = [sighting.antispoof for sighting in sightings if sighting.antispoof is not None]
    real = sum(score >= 0.5 for score in scores) / len(scores) if scores else None
    pictures = [sighting.picture for sighting in sightings if sighting.picture is not None]
    if len(pictures) < LEAST_SIGHTINGS or seconds < LEAST_SECONDS:
        return Evidence(seconds=seconds, antispoof=real)
    shown = changes(pictures)
    return Evidence(
        depth=_shared(shown.depth, DEPTH_SHARE),
        eyes=_repeated(shown.eyes, EYES_REPEATS),
        mouth=_repeated(shown.mouth, MOUTH_REPEATS),
        seconds=seconds,
        antispoof=real,
    )


def _shared(values: NDArray[np.float32], share: float) -> float:
    """What so great a share of the values reaches. (numpy's own quantile loads 30 more modules when it is
    first used, which the event loop would have to wait for.)"""
    return float(np.interp((1 - share) * (len(values) - 1), np.arange(len(values)), np.sort(values)))


def _repeated(values: NDArray[np.float32], times: int) -> float:
    """What so many of the values reach."""
    return float(np.sort(values)[-times])
