"""Passive liveness: what a face shows of itself while it waits at the door."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.blink import blinks
from server.access.liveness.geometry import explain
from server.access.liveness.sightings import Run, Sighting
from server.vision.analysis import Landmarks

WINDOW_SECONDS = 10.0
"""Older sightings say nothing."""
MOMENT_SECONDS = 0.2
"""Sightings within so long are averaged."""
HEAD_SHARE = 0.9
"""Share of what is left of a moment explained as a head (`geometry.explain`) that counts: of mere noise about
this much would be left of it explained as a sheet, which has more parameters."""
TURNED = 0.0025
"""How much more must be left of it as a sheet, in sizes (`geometry.Shape`). Of 200 simulated flat prints,
tilted by up to 45 degrees, the most reached 0.0023, the next 0.0005."""
TURNED_BLINK = 0.0003
"""And if the eyes blink."""
REPEATS = 4
"""How many moments of the window must show it."""
LEAST_SIGHTINGS = 5
LEAST_SECONDS = 1.0
"""Before, there is too little to tell noise from motion."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a live face. `residual`: how much worse the sightings are explained as those of a sheet
    than of a head that turns, in sizes. `blinks`: how many. `seconds`: how long it was seen unbroken, at most
    the window. `antispoof`: share of the sightings that the model took for real; None without one."""

    residual: float = -1.0
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
    if len(sightings) < LEAST_SIGHTINGS or seconds < LEAST_SECONDS:
        return Evidence(seconds=seconds, antispoof=real)
    return Evidence(residual(sightings), len(blinks(sightings)), seconds, real)


def residual(sightings: Sequence[Sighting]) -> float:
    """How much worse the best `REPEATS` moments are explained as a sheet than as a head, in sizes."""
    shapes = moments(sightings)
    left = explain(shapes, shapes.mean(axis=0))
    more = np.sort(left.sheet - HEAD_SHARE * left.head)
    return float(more[max(0, len(more) - REPEATS)])


def moments(sightings: Sequence[Sighting]) -> NDArray[np.float64]:
    """Mean shapes of sightings near in time, float64[n, 22, 2], oldest first."""
    times = np.array([sighting.at for sighting in sightings])
    moment = ((times - times[0]) / MOMENT_SECONDS).astype(int)
    shapes = np.stack([sighting.shape.rigid for sighting in sightings])
    return np.stack([shapes[moment == each].mean(axis=0) for each in np.unique(moment)])
