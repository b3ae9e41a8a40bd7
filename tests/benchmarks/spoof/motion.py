"""Movements as functions of time: hands that tremble and drift, and an attacker who does as he is told."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wire.reasons import Prompt


@dataclass(frozen=True)
class Wander:
    """A smooth random movement in some directions at once: a sum of sines.

    `amplitudes`, `rates` (Hz) and `phases`: float64[directions, sines].
    """

    amplitudes: NDArray[np.float64]
    rates: NDArray[np.float64]
    phases: NDArray[np.float64]

    def at(self, time: float) -> NDArray[np.float64]:
        """float64[directions]."""
        waves = np.sin(2 * np.pi * self.rates * time + self.phases)
        moved: NDArray[np.float64] = (self.amplitudes * waves).sum(axis=1)
        return moved


def wander(random: np.random.Generator, sizes: Sequence[float], slowest: float, fastest: float) -> Wander:
    """A movement of about `sizes` (standard deviation, one per direction) between two rates in Hz; slow parts
    are larger than fast ones, as with everything held by hand."""
    sines = 5
    rates = np.exp(random.uniform(np.log(slowest), np.log(fastest), (len(sizes), sines)))
    weights = rates**-0.7 * random.uniform(0.5, 1.0, rates.shape)
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True) / 2)
    return Wander(np.array(sizes)[:, None] * weights, rates, random.uniform(0, 2 * np.pi, rates.shape))


SIDES = {Prompt.TURN_LEFT: 1, Prompt.TURN_RIGHT: -1}


@dataclass(frozen=True)
class Asked:
    """What the terminal asks for, and since when, in seconds of the stream."""

    prompt: Prompt
    since: float


MISTAKEN_SECONDS = 0.5
"""How long somebody turns to the wrong side before noticing it."""


@dataclass(frozen=True)
class Obedience:
    """How somebody does as the terminal asks. `reaction` and `turning`: seconds until he begins and until
    he has finished; `angle`: how far he turns, in degrees; `nearer`: what is left of the distance when he
    comes closer; `astray`: how far he turns to the wrong side first."""

    reaction: float
    turning: float
    angle: float
    nearer: float
    astray: float = 0.0

    def at(self, time: float, asked: Sequence[Asked]) -> NDArray[np.float64]:
        """float64[2]: yaw in degrees and the distance's factor, given everything asked so far."""
        goal = start = np.array([0.0, 1.0])
        begun = 0.0
        for begins, next_goal in self._goals(asked):
            if begins <= time:
                start = _between(start, goal, (begins - begun) / self.turning)
                goal, begun = next_goal, begins
        return _between(start, goal, (time - begun) / self.turning)

    def _goals(self, asked: Sequence[Asked]) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """When he begins to move, and whereto."""
        for each, then in itertools.zip_longest(asked, asked[1:]):
            begins = each.since + self.reaction
            side = SIDES.get(each.prompt, 0)
            if side and self.astray:
                yield begins, np.array([-side * self.astray, 1.0])
                begins += MISTAKEN_SECONDS
            if then is None or begins < then.since + self.reaction:
                yield begins, np.array([side * self.angle, self._distance(each.prompt)])

    def _distance(self, prompt: Prompt) -> float:
        return self.nearer if prompt is Prompt.COME_CLOSER else 1.0


def obedience(random: np.random.Generator) -> Obedience:
    """An attacker who has seen the terminal before and is ready."""
    return Obedience(
        random.uniform(0.35, 0.8), random.uniform(0.4, 0.9), random.uniform(25, 42), random.uniform(0.6, 0.8)
    )


def _between(start: NDArray[np.float64], goal: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """On the way from `start` to `goal`, slow at both ends."""
    share = min(max(share, 0.0), 1.0)
    return start + (goal - start) * (share * share * (3 - 2 * share))
