"""How often photos are taken for another person, against how often they are not recognised: the detection
error trade-off of the people enrolled here. Pure."""

from typing import NamedTuple

import numpy as np

from server.gallery.self_test import STEPS, SelfTest


class Errors(NamedTuple):
    """`fmr`: the share of comparisons with somebody else that come out at `distance` or nearer. `fnmr`: the
    share of photos that are farther than that from the same person's other ones."""

    distance: float
    fmr: float
    fnmr: float


def errors_at(found: SelfTest) -> list[Errors]:
    """At each of `STEPS` from the nearest comparison on to where no photo is missed any more and strangers
    are taken for somebody; ascending. Empty where nobody has two photos, or nobody else is enrolled."""
    if not len(found.own) or not found.compared:
        return []
    fmr = found.strangers / found.compared
    fnmr = 1.0 - np.searchsorted(found.own, STEPS, side="right") / len(found.own)
    nearest_stranger, nearest_own, farthest_own = (
        int(np.searchsorted(STEPS, apart)) for apart in (_nearest(found), found.own[0], found.own[-1])
    )
    first = max(0, min(nearest_stranger, nearest_own) - 1)
    last = min(len(STEPS), max(nearest_stranger, farthest_own) + 2)
    return [Errors(float(STEPS[at]), float(fmr[at]), float(fnmr[at])) for at in range(first, last)]


def _nearest(found: SelfTest) -> float:
    """Up to which step the nearest stranger comes."""
    return float(STEPS[min(int(np.searchsorted(found.strangers, 1)), len(STEPS) - 1)])
