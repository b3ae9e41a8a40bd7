"""Passive liveness: what a face shows of itself while it waits at the door."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.blink import blinks
from server.access.liveness.geometry import explain
from server.access.liveness.sightings import Run, Sighting
from server.access.seen import Landmarks

WINDOW_SECONDS = 10.0
"""Older sightings say nothing."""
MOMENT_SECONDS = 0.2
"""Sightings within so long are averaged."""
TURNED = 1.35
"""How many times as much must be left of a moment explained as a sheet than as a head (`geometry.explain`).
Of 488 simulated photos, flat, bent and on a screen, the most reached 1.29; all above 1.15 are of one man."""
TURNED_BLINK = 0.88
"""And if the eyes blink, which photos do not. Noise alone reaches about 0.9, as a sheet has more parameters
to fit it with: this keeps out what is tilted, not eyes that are cut out and held still."""
JITTER = 0.0003
"""What is left of mere jitter in a moment, in sizes (`geometry.Shape`)."""
AHEAD_DEGREES = 25.0
"""Where the head is turned farther than this (yaw), its points are not found well enough."""
REPEATS = 4
"""How many moments of the window must show it."""
LEAST_SIGHTINGS = 5
LEAST_SECONDS = 1.0
"""Before, there is too little to tell noise from motion."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a live face. `residual`: how many times as much is left of some moments explained
    as a sheet than as a head that turns. `blinks`: how many. `seconds`: how long it was seen unbroken, at
    most the window. `antispoof`: share of the sightings that the model took for real; None without one."""

    residual: float = 0.0
    blinks: int = 0
    seconds: float = 0.0
    antispoof: float | None = None

    @property
    def live(self) -> bool:
        """Whether that is enough."""
        if self.antispoof is not None and self.antispoof <= 0.5:
            return False
        return self.residual >= (TURNED_BLINK if self.blinks else TURNED)


class Passive:
    """Gathers evidence about one track. Answers live or not proven, never fake."""

    def __init__(self) -> None:
        self._run = Run(WINDOW_SECONDS)
        self._evidence = Evidence()
        self._weighed = -math.inf

    def see(self, at: float, landmarks: Landmarks) -> None:
        """The face at time `at`, seconds, later than before. A gap or a jump forgets everything."""
        unbroken = self._run.add(Sighting.take(at, landmarks))
        if not unbroken or at - self._weighed >= MOMENT_SECONDS:
            self._evidence = weigh(tuple(self._run.sightings))
            self._weighed = at

    @property
    def evidence(self) -> Evidence:
        """What the sightings of the last seconds show."""
        return self._evidence

    @property
    def live(self) -> bool:
        """Whether they prove a live face; False is not proven."""
        return self._evidence.live


def weigh(sightings: Sequence[Sighting]) -> Evidence:
    """What an unbroken run of sightings shows."""
    seconds = sightings[-1].at - sightings[0].at
    scores = [sighting.antispoof for sighting in sightings if sighting.antispoof is not None]
    real = sum(score >= 0.5 for score in scores) / len(scores) if scores else None
    return Evidence(residual(sightings), len(blinks(sightings)), seconds, real)


def residual(sightings: Sequence[Sighting]) -> float:
    """How many times as much is left of the best `REPEATS` moments explained as a sheet than as a head; 0
    when there is too little to tell."""
    ahead = [sighting for sighting in sightings if abs(sighting.yaw) <= AHEAD_DEGREES]
    if len(ahead) < LEAST_SIGHTINGS or ahead[-1].at - ahead[0].at < LEAST_SECONDS:
        return 0.0
    shapes = moments(ahead)
    left = explain(shapes, shapes.mean(axis=0))
    ratios = np.sort(left.sheet / (left.head + JITTER))
    return float(ratios[max(0, len(ratios) - REPEATS)])


def moments(sightings: Sequence[Sighting]) -> NDArray[np.float64]:
    """Mean shapes of sightings near in time, float64[n, 22, 2], oldest first."""
    times = np.array([sighting.at for sighting in sightings])
    moment = ((times - times[0]) / MOMENT_SECONDS).astype(int)
    shapes = np.stack([sighting.shape.rigid for sighting in sightings])
    return np.stack([shapes[moment == each].mean(axis=0) for each in np.unique(moment)])
