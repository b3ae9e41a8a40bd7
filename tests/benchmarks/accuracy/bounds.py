"""95 % bounds by identity: what another choice of as many people might have given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
Shares = NDArray[np.floating]


@dataclass(frozen=True)
class Rate:
    """A share of trials, with its bounds; `people`: how many the trials are about."""

    value: float
    low: float
    high: float
    people: int


def of_people(shares: Shares) -> Rate:
    """The mean of one share for each person, float[people]; bounds by resampling people."""
    random = np.random.default_rng(0)
    people = len(shares)
    picked = random.multinomial(people, np.full(people, 1 / people), RESAMPLES)
    return _rate(float(shares.mean()), picked @ shares / people, people)


def of_pairs(halves: Sequence[tuple[Shares, NDArray[np.bool_]]]) -> Rate:
    """The mean over pairs of people, of halves that share nobody. For each half the share of each pair,
    float[people, people], and which pairs count. Bounds by resampling people: with a person all his pairs
    come or go, whether he is enrolled or visits."""
    random = np.random.default_rng(0)
    hits, trials = np.zeros(RESAMPLES + 1), np.zeros(RESAMPLES + 1)
    people = 0
    for shares, counted in halves:
        count = len(shares)
        people += count
        weights = np.ones((RESAMPLES + 1, count), np.float32)
        weights[1:] = random.multinomial(count, np.full(count, 1 / count), RESAMPLES)
        hits += ((weights @ np.where(counted, shares, 0).astype(np.float32)) * weights).sum(axis=1)
        trials += ((weights @ counted.astype(np.float32)) * weights).sum(axis=1)
    rates = hits / trials
    return _rate(float(rates[0]), rates[1:], people)


def _rate(value: float, resampled: Shares, people: int) -> Rate:
    """Where nothing was seen, what as many people, each one trial, could hide: 1 - 0.05^(1/people)."""
    low, high = (float(each) for each in np.quantile(resampled, (0.025, 0.975)))
    return Rate(value, low, high if value > 0 else 1 - 0.05 ** (1 / people), people)
