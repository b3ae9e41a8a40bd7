"""Which of many faces, of people whom nobody has enrolled, are the same: whoever comes back shows. Pure.

Groups are joined by average linkage, the nearest first: two of them are one face when their templates are, on
average, within the recogniser's `misplaced`, at which a photo shows somebody else than its name says.
`same_person`, which keeps a photo with its own person, is far too wide among thousands of strangers: with it
a quarter of those in a group did not belong there.

Measured with single photos of LFW, ten of a person at most, of the half of its people that nothing here was
chosen by (2,603 photos of 1,407 people), and of three other sets. In a group: two and more. Of the photos in
groups so many belong to the person that most of the group are of; of the people with several photos so many
are found in one group as a whole, and so many at least twice:

    recogniser  people                  belong there   as a whole   found again
    sface       LFW                     99.9 %         89 %         96 %
    sface       students at a webcam    100 %          95 %         100 %
    sface       AT&T, London            100 %, 99 %    100 %        100 %
    dlib        LFW                     98 %           58 %         84 %
    dlib        students at a webcam    80 %           100 %        100 %
    dlib        AT&T, London            100 %          100 %        100 %

Templates of visits are of several looks, and hold together better.
"""

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Recogniser
from server.access.matching.templates import scaled, score_at

_SLICE = 2048
"""Rows that are multiplied at once. For more, BLAS shares the work between threads, which wait for processors
that are busy with pictures: it then takes ten times as long, and more."""


def same_faces(templates: NDArray[np.float32], recogniser: Recogniser) -> list[list[int]]:
    """Groups of the rows of `templates`, float32[n, 128], that are the same face: the largest first, of equal
    ones that of the first row; each ascending, and each row in exactly one.

    The order of the rows makes no difference, unless scores are all but equal. 5,000 take 0.8 s of one core,
    twice that if all are one face: not for the event loop.
    """
    if not len(templates):
        return []
    rows = np.stack([scaled(row, recogniser.exponent) for row in templates])
    limit = score_at(recogniser.misplaced)
    near = _not_alone(rows, limit)
    groups = [[int(near[at]) for at in group] for group in _joined(rows[near], limit)]
    groups += [[int(at)] for at in np.setdiff1d(np.arange(len(rows)), near)]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _not_alone(rows: NDArray[np.float32], limit: float) -> NDArray[np.intp]:
    """The rows that have another within the limit, in order."""
    near = np.zeros(len(rows), bool)
    for first in range(0, len(rows), _SLICE):
        scores = rows[first : first + _SLICE] @ rows.T
        scores[np.arange(len(scores)), np.arange(first, first + len(scores))] = -np.inf
        near[first : first + _SLICE] = scores.max(axis=1) >= limit
    return np.flatnonzero(near)


def _products(rows: NDArray[np.float32], row: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([rows[first : first + _SLICE] @ row for first in range(0, len(rows), _SLICE)])


def _joined(means: NDArray[np.float32], limit: float) -> list[list[int]]:
    """Average linkage down to `limit`, which is above 0, by chains of nearest neighbours: joining two groups
    brings none nearer to a third, so that whatever has nobody within the limit is done.

    `means`: float32[n, 128], overwritten; the product of two is the average score of their groups. The links
    of a chain grow ever nearer, until two groups are each other's nearest.
    """
    groups = [[at] for at in range(len(means))]
    waiting = list(range(len(means)))
    while waiting:
        chain, links = [waiting.pop()], [-np.inf]
        while chain and groups[chain[-1]]:
            at = chain[-1]
            scores = _products(means, means[at])
            scores[at] = -np.inf
            nearest = int(scores.argmax())
            if scores[nearest] >= limit and scores[nearest] > links[-1]:
                chain.append(nearest)
                links.append(float(scores[nearest]))
                continue
            chain.pop()
            links.pop()
            if chain:
                links.pop()
                _join(means, groups, chain.pop(), at)
    return [sorted(group) for group in groups if group]


def _join(means: NDArray[np.float32], groups: list[list[int]], one: int, other: int) -> None:
    """`one` becomes a part of `other`."""
    sizes = len(groups[one]), len(groups[other])
    means[other] = (sizes[0] * means[one] + sizes[1] * means[other]) / sum(sizes)
    means[one] = 0.0
    groups[other] += groups[one]
    groups[one] = []
