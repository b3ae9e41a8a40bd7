"""How near strangers come, as a curve: counts of distances, and a tail beyond them."""

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.accuracy.identities import Identities
from tests.benchmarks.accuracy.trials import CELLS, Rule, draws

STEP = 2e-4
BINS = round(2 / STEP)
"""Distances are counted in steps of STEP, from 0 to 2."""
Counts = NDArray[np.float64]
"""float64[BINS]: pairs of people by distance, in one draw on average."""
EDGES = (np.arange(BINS) + 1) * STEP


def stranger_counts(
    identities: Identities, photos: int, frames: int, rule: Rule, count: int | None = None
) -> Counts:
    """`count`: how many draws, if not as many as DRAWS."""
    counts = np.zeros(BINS)
    done = 0
    for draw in draws(identities, photos, frames, rule, count):
        apart = draw.distances[draw.strangers(identities)]
        counts += np.bincount(np.minimum((apart / STEP).astype(np.int32), BINS - 1), minlength=BINS)
        done += 1
    return counts / done


def pooled(identities: Identities, rule: Rule) -> Counts:
    """Every pair of people once for each of CELLS in which both have photos enough."""
    return np.asarray(np.sum([stranger_counts(identities, *cell, rule) for cell in CELLS], axis=0))


def at_share(counts: Counts, share: float) -> float:
    """The distance that a share of the counted pairs does not exceed."""
    return float(np.interp(share, counts.cumsum() / counts.sum(), EDGES))


def share_at(counts: Counts, distance: float) -> float:
    """Its inverse: the share of the counted pairs that come out so near."""
    return float(np.interp(distance, EDGES, counts.cumsum() / counts.sum(), left=0.0))


def tail(counts: Counts, share: float, hidden: float = 0.0) -> float:
    """log10 of the share of strangers per unit of distance, among the nearest `share` of them.

    An exponential tail, by maximum likelihood: its scale is what strangers are, on average, nearer than the
    distance where it starts. Of the nearest share `hidden` only their number is known (censored), to see
    what the fit predicts of them.
    """
    start, end = at_share(counts, share), at_share(counts, hidden) if hidden else 0.0
    middles = EDGES - STEP / 2
    inside = (middles < start) & (middles > end)
    nearer = (counts[inside] * (start - middles[inside])).sum() + hidden * counts.sum() * (start - end)
    return float(counts[inside].sum() / nearer / np.log(10))
