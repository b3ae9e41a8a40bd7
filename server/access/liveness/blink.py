"""Blinks: both eyes close and open again, faster than anything that moves a photo."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.sightings import Sighting

AROUND_SECONDS = 0.6
"""How long before and after it the eyes are looked at for how open they are."""
SHUT = 0.72
"""Share of how open they are around it, below which both eyes must be."""
OPEN = 0.85
"""And above which they must be before and after."""
LONGEST_SECONDS = 0.7
"""From the last sighting with open eyes to the next: a blink takes 0.1 to 0.4 seconds."""
NOISES = 6.0
"""How many standard deviations of their noise the eyes must close."""
STILL_DEGREES = 6.0
"""How far the head may turn or nod meanwhile: shut eyes themselves seem to nod by up to 4 degrees."""
STILL_SHAPE = 0.06
"""How much its shape may differ between before and after, in sizes."""


def blinks(sightings: Sequence[Sighting]) -> list[float]:
    """When the eyes of an unbroken run of sightings were seen shut, one time for each blink, seconds."""
    if len(sightings) < 5:
        return []
    times = np.array([sighting.at for sighting in sightings])
    opened = np.stack([sighting.openness for sighting in sightings])
    noise = _noise(opened)
    perhaps = np.flatnonzero((opened <= SHUT * opened.max(axis=0)).all(axis=1))
    found: list[float] = []
    shut_until = -np.inf
    for index in map(int, perhaps):
        if times[index] <= shut_until:
            continue
        level = _level(times, opened, index)
        if level is None or not _shut(opened[index], level, noise):
            continue
        before, after = _last_open(opened, level, index, -1), _last_open(opened, level, index, 1)
        if before is None or after is None or times[after] - times[before] > LONGEST_SECONDS:
            continue
        if _still(sightings, before, after):
            found.append(float(times[index]))
            shut_until = times[after]
    return found


def _noise(opened: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of the openness of each eye, float64[2], from how it differs from its neighbours."""
    bend = np.abs(opened[2:] - 2 * opened[1:-1] + opened[:-2])
    return np.asarray(1.4826 * np.median(bend, axis=0) / np.sqrt(6))


def _level(times: NDArray[np.float64], opened: NDArray[np.float64], index: int) -> NDArray[np.float64] | None:
    """How open each eye is around a sighting, float64[2]; None when there is too little around it."""
    near = np.abs(times - times[index]) <= AROUND_SECONDS
    if near[:index].sum() < 2 or near[index + 1 :].sum() < 1:
        return None
    return np.asarray(np.percentile(opened[near], 75, axis=0))


def _shut(eyes: NDArray[np.float64], level: NDArray[np.float64], noise: NDArray[np.float64]) -> bool:
    return bool((eyes <= SHUT * level).all() and (eyes <= level - NOISES * noise).all())


def _last_open(opened: NDArray[np.float64], level: NDArray[np.float64], index: int, step: int) -> int | None:
    """The nearest sighting before (`step` -1) or after (1) in which both eyes are open."""
    while 0 <= index < len(opened):
        if (opened[index] >= OPEN * level).all():
            return index
        index += step
    return None


def _still(sightings: Sequence[Sighting], before: int, after: int) -> bool:
    """Whether the head was held still from one sighting to another."""
    during = list(sightings)[before : after + 1]
    turned = [max(angles) - min(angles) for angles in zip(*((s.yaw, s.pitch) for s in during), strict=True)]
    changed = during[0].shape.rigid - during[-1].shape.rigid
    return max(turned) <= STILL_DEGREES and float(np.sqrt((changed**2).sum(axis=1).mean())) <= STILL_SHAPE
