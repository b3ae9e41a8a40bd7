"""What this very gallery's residents and strangers would see: every photo against all the others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from server.access.matching.gallery import Gallery
from server.access.matching.templates import distance, scaled, score_at, template
from server.gallery.admission import Arrived

NEAREST = 5
"""So many of the nearest pairs of people are told."""
BLOCK = 256
"""So many people are held against all others at once: of 10,000, 10 MB of scores."""


class Fate(str, Enum):
    """What became of a photo that stood in for a visitor."""

    RECOGNISED = "recognised"
    REFUSED = "refused"
    NEAR_TIE = "near_tie"
    CONFUSED = "confused"


@dataclass(frozen=True)
class Tried:
    """One photo of somebody with several, as a visitor of one look whom the other photos enrol. `nearest`:
    who came out nearest, at `distance`."""

    path: PurePath
    name: str
    fate: Fate
    nearest: str
    distance: float


@dataclass(frozen=True)
class Near:
    """Two people and the distance of their templates."""

    names: tuple[str, str]
    distance: float


@dataclass(frozen=True)
class SelfTest:
    """`tried`: every photo of somebody with two or more. `single`: how many people have one. `pairs`: of
    different people; `within`: how many of them are within the threshold. `nearest`: the nearest ones."""

    tried: tuple[Tried, ...]
    single: int
    pairs: int
    within: int
    nearest: tuple[Near, ...]


def self_test(photos: Sequence[Arrived], gallery: Gallery, threshold: float, margin: float) -> SelfTest:
    """`photos`: those that `gallery` was made of. `threshold`: largest distance at which somebody is
    recognised; `margin`: how much farther the runner-up must be."""
    own: dict[str, list[Arrived]] = {}
    for photo in photos:
        own.setdefault(photo.name, []).append(photo)
    tried = [
        _try(photo, [other for other in group if other is not photo], gallery, threshold, margin)
        for group in own.values()
        if len(group) > 1
        for photo in group
    ]
    people = len(gallery.people)
    within, nearest = _pairs(gallery, score_at(threshold))
    return SelfTest(
        tried=tuple(tried),
        single=sum(len(group) == 1 for group in own.values()),
        pairs=people * (people - 1) // 2,
        within=within,
        nearest=nearest,
    )


def _pairs(gallery: Gallery, least_score: float) -> tuple[int, tuple[Near, ...]]:
    """How many pairs of people have at least that score, and the nearest pairs."""
    within, best = 0, list[tuple[float, int, int]]()
    numbers = np.arange(len(gallery.people))
    for start in range(0, len(numbers), BLOCK):
        rows = numbers[start : start + BLOCK]
        scores = gallery.templates[rows] @ gallery.templates.T
        scores[numbers <= rows[:, np.newaxis]] = -np.inf
        within += int((scores >= least_score).sum())
        order = np.argpartition(-scores, min(NEAREST, scores.size) - 1, axis=None)[:NEAREST]
        best += [(-float(scores.flat[at]), start + at // len(numbers), at % len(numbers)) for at in order]
    near = [(score, one, other) for score, one, other in sorted(best)[:NEAREST] if one < other]
    return within, tuple(
        Near((gallery.people[one], gallery.people[other]), distance(-score)) for score, one, other in near
    )


def _try(
    photo: Arrived, others: Sequence[Arrived], gallery: Gallery, threshold: float, margin: float
) -> Tried:
    exponent = gallery.recogniser.exponent
    probe = _seen(photo, gallery)
    scores = gallery.templates @ probe
    at = gallery.people.index(photo.name)
    scores[at] = scaled(template(np.concatenate([other.rows for other in others])), exponent) @ probe
    best = int(scores.argmax())
    nearest = distance(float(scores[best]))
    rest = np.delete(scores, best)
    tie = rest.size > 0 and distance(float(rest.max())) - nearest < margin
    if nearest > threshold:
        fate = Fate.REFUSED
    elif tie:
        fate = Fate.NEAR_TIE
    else:
        fate = Fate.RECOGNISED if best == at else Fate.CONFUSED
    return Tried(photo.path, photo.name, fate, gallery.people[best], nearest)


def _seen(photo: Arrived, gallery: Gallery) -> NDArray[np.float32]:
    """The photo as a look at the door."""
    rows = photo.rows if gallery.recogniser.mirrored_looks else photo.rows[:1]
    return scaled(template(rows), gallery.recogniser.exponent)
