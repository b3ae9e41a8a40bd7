"""How a print or a screen is held before the camera."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tests.benchmarks.spoof.geometry import Bend, Pose
from tests.benchmarks.spoof.motion import Asked, Obedience, Wander, obedience, wander

NEAREST, FARTHEST = 480.0, 1300.0
"""Where it is held, mm: faces of about 130 to 50 pixels."""


@dataclass(frozen=True, eq=False)
class Held:
    """At `rest`, with a `sway` of x, y, z (mm), yaw, pitch and roll (degrees). Its holder does as
    the terminal asks when there is an `obedience`."""

    rest: Pose
    sway: Wander
    obedience: Obedience | None

    def pose(self, at: float, asked: Sequence[Asked]) -> Pose:
        x, y, z, yaw, pitch, roll = self.sway.at(at)
        turned, nearer = self.obedience.at(at, asked) if self.obedience else (0.0, 1.0)
        rest = self.rest
        return Pose(
            x=rest.x + x,
            y=rest.y + y,
            z=(rest.z + z) * nearer,
            yaw=float(np.clip(rest.yaw + yaw + turned, -60, 60)),
            pitch=rest.pitch + pitch,
            roll=rest.roll + roll,
        )


def still(random: np.random.Generator) -> Held:
    """By a hand, or by two, that tremble a little."""
    rest = Pose(
        x=random.uniform(-40, 40),
        y=random.uniform(-25, 25),
        z=NEAREST * (FARTHEST / NEAREST) ** random.uniform(0, 1),
        yaw=random.uniform(-5, 5),
        pitch=random.uniform(-5, 5),
        roll=random.uniform(-4, 4),
    )
    size = random.uniform(0.5, 1.5)
    sizes = [3 * size, 3 * size, 4 * size, size, size, 0.6 * size]
    return Held(rest, wander(random, sizes, 0.2, 9.0), obedience(random))


def moved(random: np.random.Generator) -> Held:
    """To and fro before the camera, not turned much."""
    sizes = [
        random.uniform(15, 45),
        random.uniform(8, 25),
        random.uniform(20, 70),
        3,
        3,
        random.uniform(1, 5),
    ]
    return replace(still(random), sway=wander(random, sizes, 0.15, 0.8))


def tilted(random: np.random.Generator) -> Held:
    """Turned to and fro about a vertical or a horizontal axis, up to 45 degrees."""
    swing = float(random.uniform(20, 45))
    yaw, pitch = (swing, 3.0) if random.random() < 0.6 else (3.0, 0.75 * swing)
    held = still(random)
    amplitudes = np.column_stack([held.sway.amplitudes, [0, 0, 0, yaw, pitch, 0]])
    rates = np.column_stack([held.sway.rates, np.full(6, random.uniform(0.12, 0.4))])
    phases = np.column_stack([held.sway.phases, np.zeros(6)])
    return replace(held, sway=Wander(amplitudes, rates, phases))


@dataclass(frozen=True)
class Bending:
    """A sheet that is kept bent, or flexed at `rate` Hz, between two curvatures (1/mm)."""

    least: float
    most: float
    rate: float
    axis: float

    def at(self, time: float) -> Bend:
        share = 0.5 - 0.5 * np.cos(2 * np.pi * self.rate * time)
        return Bend(self.least + (self.most - self.least) * share, self.axis)


FLAT = Bending(0.0, 0.0, 0.0, 0.0)


def bent(random: np.random.Generator) -> Bending:
    """Round the vertical axis or nearly so, as narrow as a head at most."""
    curvature = 1 / random.uniform(85, 250)
    return Bending(curvature, curvature, 0.0, random.uniform(-20, 20))


def flexing(random: np.random.Generator) -> Bending:
    """Pressed at its edges, more and less; about any axis, for half of them the vertical one."""
    axis = random.uniform(-10, 10) if random.random() < 0.5 else random.uniform(-90, 90)
    return Bending(-1 / random.uniform(150, 900), 1 / random.uniform(85, 250), random.uniform(0.2, 1.0), axis)
