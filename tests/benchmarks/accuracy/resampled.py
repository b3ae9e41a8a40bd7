"""The strangers' curve as another choice of as many people might have given it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.accuracy.curve import Counts, at_share, stranger_counts
from tests.benchmarks.accuracy.identities import Identities
from tests.benchmarks.accuracy.trials import Rule, draws

RESAMPLES = 200
SURE = 0.05
"""The share of resamples that may come nearer: a one-sided bound of 95 %."""
BODY = (0.1, 0.05, 0.03, 0.01)
"""Shares of strangers at which a small set is held against LFW: beyond them it has too few pairs."""
SMALL_DRAWS = 20


@dataclass(frozen=True)
class Nearness:
    """By what factor strangers of a set are nearer than LFW's, over the whole curve: the geometric mean over
    BODY. `bound`: 95 % surely not less."""

    value: float
    bound: float
    people: int


def bounded(
    identities: Identities, cell: tuple[int, int], rule: Rule, shares: Sequence[float]
) -> list[float]:
    """The distances that shares of strangers do not exceed, 95 % surely: bounds by resampling people."""
    within = at_share(stranger_counts(identities, *cell, rule), min(1.0, 3 * max(shares)))
    pairs = _pairs(identities, cell, rule, within)
    order = np.argsort(pairs.distances, kind="stable")
    enrolled, visitors = pairs.enrolled[order], pairs.visitors[order]
    distances = pairs.distances[order]

    def nearest(people: NDArray[np.float64]) -> NDArray[np.float64]:
        counted = (people[enrolled] * people[visitors]).cumsum() / pairs.draws
        at = np.searchsorted(counted / pairs.total(people), shares)
        return np.asarray(distances[np.minimum(at, len(distances) - 1)], np.float64)

    return [float(each) for each in np.quantile(_resampled(len(identities), nearest), SURE, axis=0)]


def nearness(identities: Identities, cell: tuple[int, int], rule: Rule, counts: Counts) -> Nearness | None:
    """Of the people of a small set, with so many photos and frames; None where too few have them. `counts`:
    LFW's."""
    photos, frames = cell
    if min(len(identities.having(photos)), len(identities.having(frames))) < 10:
        return None
    pairs = _pairs(identities, cell, rule, np.inf, SMALL_DRAWS)
    expected = np.array([at_share(counts, share) for share in BODY])
    order = np.argsort(pairs.distances, kind="stable")
    distances = pairs.distances[order]
    enrolled, visitors = pairs.enrolled[order], pairs.visitors[order]

    def factor(people: NDArray[np.float64]) -> NDArray[np.float64]:
        counted = (people[enrolled] * people[visitors]).cumsum()
        at = np.searchsorted(counted, np.array(BODY) * counted[-1])
        return np.asarray(np.exp(np.log(distances[at] / expected).mean()), np.float64)

    return Nearness(
        value=float(factor(np.ones(len(identities)))),
        bound=float(np.quantile(_resampled(len(identities), factor), SURE)),
        people=len(identities),
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of strangers that come out near, in `draws` draws. `counted`: bool[people, people], which pairs
    there were."""

    enrolled: NDArray[np.intp]
    visitors: NDArray[np.intp]
    distances: NDArray[np.float32]
    counted: NDArray[np.float32]
    draws: int

    def total(self, people: NDArray[np.float64]) -> float:
        weights = people.astype(np.float32)
        return float(weights @ self.counted @ weights)


def _pairs(
    identities: Identities, cell: tuple[int, int], rule: Rule, within: float, count: int | None = None
) -> _Pairs:
    enrolled, visitors, distances = [], [], []
    counted = np.zeros((len(identities), len(identities)), np.float32)
    for draw in draws(identities, *cell, rule, count):
        strangers = draw.strangers(identities)
        one, other = np.nonzero(strangers & (draw.distances <= within))
        enrolled.append(draw.enrolled[one])
        visitors.append(draw.visitors[other])
        distances.append(draw.distances[one, other])
        counted[np.ix_(draw.enrolled, draw.visitors)] = strangers
    return _Pairs(
        enrolled=np.concatenate(enrolled),
        visitors=np.concatenate(visitors),
        distances=np.concatenate(distances),
        counted=counted,
        draws=len(distances),
    )


def _resampled(
    people: int, measure: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """What `measure` tells of each of RESAMPLES choices of as many people: how often each is taken."""
    random = np.random.default_rng(0)
    picked = random.multinomial(people, np.full(people, 1 / people), RESAMPLES).astype(np.float64)
    return np.stack([measure(each) for each in picked])
