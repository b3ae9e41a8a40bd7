"""Whether the people enrolled here are nearer to each other than strangers elsewhere: what a site tells of
its own strangers. Pure.

A network knows some people worse than others, and one camera makes all its pictures alike. Where it does,
strangers come nearer by one factor over all of the curve (docs/accuracy/), and everybody enrolled is a
stranger to everybody else.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.access.matching.calibration import Calibration
from server.access.matching.templates import score_at

LEAST_PEOPLE = 10
"""Fewer say too little."""
MOST_PEOPLE = 1_000
"""Of more, so many are compared, evenly chosen: the work grows with their square."""
SHARES = (0.1, 0.01, 0.001)
"""How many of the strangers are expected within a distance: the first always, the others when `LEAST_PAIRS`
pairs are."""
LEAST_PAIRS = 20
SURE = 1.64
"""Standard errors: one-sided 95 %."""
STEP = 0.01


class Population(NamedTuple):
    """Who is enrolled, as far as the threshold depends on it. `nearness`: as the function tells."""

    people: int
    nearness: float = 1.0


def nearness(templates: NDArray[np.float32], calibration: Calibration) -> float:
    """By what factor, at most 1, thresholds must shrink for strangers like those enrolled to pass no more
    often than was measured.

    `templates`: float32[n, 128], `scaled`, one for each person. A few who are near each other, a family,
    change nothing: the standard error is that of the people, not of the pairs.
    """
    chosen = templates[:: -(-len(templates) // MOST_PEOPLE) or 1]
    if len(chosen) < LEAST_PEOPLE:
        return 1.0
    scores = chosen @ chosen.T
    np.fill_diagonal(scores, -np.inf)
    pairs = len(chosen) * (len(chosen) - 1) / 2
    factor = 1.0
    for share in SHARES:
        if share != SHARES[0] and share * pairs < LEAST_PAIRS:
            continue
        expected = calibration.threshold(share, 1)
        while factor > STEP and _more_than(share, scores >= score_at(factor * expected)):
            factor = round(factor - STEP, 2)
    return factor


def _more_than(share: float, near: NDArray[np.bool_]) -> bool:
    """Whether surely more than this share of the pairs are near. `near`: bool[n, n], False on its
    diagonal."""
    each = near.mean(axis=1) * len(near) / (len(near) - 1)
    error = 2 * float(each.std()) / len(each) ** 0.5
    return bool(each.mean() - SURE * error > share)
