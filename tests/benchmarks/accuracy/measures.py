"""What thresholds do on trials: one against one, and against galleries."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.accuracy.bounds import Rate, of_pairs, of_people
from tests.benchmarks.accuracy.identities import Identities
from tests.benchmarks.accuracy.trials import Rule, draws, own

Fold = tuple[Identities, Callable[[float, int], float]]
"""People, and a threshold for a risk and a number of people enrolled that others were used to find."""
LEAST = 6
"""Photos of those whose own trials count: the same people whatever the number of photos and frames."""
OWN_DRAWS = 40
GALLERY_DRAWS = 4


@dataclass(frozen=True)
class Verification:
    """One against one: false matches of strangers, false non-matches of the enrolled."""

    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True)
class Identification:
    """Against a gallery: strangers named anybody, and the enrolled not named themselves."""

    fpir: Rate
    fnir: Rate


@dataclass(frozen=True, eq=False)
class Gallery:
    """Trials against galleries of one size, each array float32[trials, people].

    `nearest` and `second`: of a visitor's distances from others. `own`: from himself, if he is enrolled; NaN
    for those who have not photos enough.
    """

    nearest: NDArray[np.float32]
    second: NDArray[np.float32]
    own: NDArray[np.float32]

    def false_positives(self, threshold: float, margin: float = 0.0) -> NDArray[np.float64]:
        """float64[people]: the share of a stranger's trials in which he is named somebody."""
        named = (self.nearest <= threshold) & (self.second - self.nearest >= margin)
        return np.asarray(named.mean(axis=0))

    def false_negatives(self, threshold: float, margin: float = 0.0) -> NDArray[np.float64]:
        """float64[people who have photos enough]: the share in which he is not named, or as another."""
        known = ~np.isnan(self.own[0])
        apart, nearest = self.own[:, known], self.nearest[:, known]
        named = (apart <= threshold) & (nearest - apart >= margin) & (apart < nearest)
        return np.asarray(1 - named.mean(axis=0))

    def threshold_at(self, fpir: float, margin: float = 0.0) -> float:
        """The threshold at which so many strangers' trials name somebody."""
        counted = np.where(self.second - self.nearest >= margin, self.nearest, np.inf)
        return float(np.quantile(counted, fpir, method="lower"))


def verification(folds: Sequence[Fold], photos: int, frames: int, rule: Rule, risk: float) -> Verification:
    """The folds' people, each fold at its own threshold."""
    pairs, refused = [], []
    for identities, threshold_of in folds:
        threshold = threshold_of(risk, 1)
        pairs.append(_false_matches(identities, photos, frames, rule, threshold))
        apart = own(identities, photos, frames, LEAST, OWN_DRAWS, rule)
        refused.append((apart > threshold).mean(axis=1))
    return Verification(of_pairs(pairs), of_people(np.concatenate(refused)))


def identification(
    folds: Sequence[Fold],
    trials: Sequence[Gallery],
    size: int,
    risk: float,
    margin: float,
) -> Identification:
    """`trials`: those of each fold's people."""
    limits = [threshold_of(risk, size) for _, threshold_of in folds]
    positives = [each.false_positives(at, margin) for each, at in zip(trials, limits, strict=True)]
    negatives = [each.false_negatives(at, margin) for each, at in zip(trials, limits, strict=True)]
    return Identification(of_people(np.concatenate(positives)), of_people(np.concatenate(negatives)))


def galleries(
    identities: Identities, photos: int, frames: int, rule: Rule, sizes: Sequence[int]
) -> dict[int, Gallery]:
    """Trials for galleries of each of `sizes`: everybody is enrolled, with up to `photos` photos, and divided
    into galleries by chance; every visitor is held against each of them without himself."""
    random = np.random.default_rng((photos, frames))
    found: dict[int, list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]] = {
        size: [] for size in sizes
    }
    for draw in draws(identities, photos, frames, rule, GALLERY_DRAWS, all_enrolled=True):
        others = np.where(draw.strangers(identities), draw.distances, np.float32(np.inf))
        mates = np.array([len(identities.photos[at]) >= max(LEAST, photos + frames) for at in draw.visitors])
        himself = np.where(mates, draw.distances[draw.visitors, np.arange(len(mates))], np.float32(np.nan))
        for size in sizes:
            for block in _blocks(len(draw.enrolled), size, random):
                two = np.partition(others[block], 1, axis=0)[:2]
                found[size].append((two[0], two[1], himself))
    return {size: Gallery(*map(np.stack, zip(*rows, strict=True))) for size, rows in found.items()}


def _blocks(people: int, size: int, random: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    order = random.permutation(people)
    for start in range(0, people - size + 1, size):
        yield order[start : start + size]


def _false_matches(
    identities: Identities, photos: int, frames: int, rule: Rule, threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """For each pair of all identities the share of draws in which they match, and whether the pair counts."""
    shares = np.zeros((len(identities), len(identities)), np.float32)
    counted = np.zeros(shares.shape, np.bool_)
    done = 0
    for draw in draws(identities, photos, frames, rule):
        cell = np.ix_(draw.enrolled, draw.visitors)
        shares[cell] += draw.distances <= threshold
        counted[cell] = draw.strangers(identities)
        done += 1
    return np.asarray(shares / done, np.float32), counted
