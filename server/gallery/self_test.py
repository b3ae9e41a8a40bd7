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
    scores = gallery.templates @ gallery.templates.T
    first, second = np.triu_indices(len(gallery.people), 1)
    apart = scores[first, second]
    order = np.argsort(-apart, kind="stable")[:NEAREST]
    return SelfTest(
        tried=tuple(tried),
        single=sum(len(group) == 1 for group in own.values()),
        pairs=len(apart),
        within=int((apart >= score_at(threshold)).sum()),
        nearest=tuple(
            Near(
                (gallery.people[int(first[at])], gallery.people[int(second[at])]), distance(float(apart[at]))
            )
            for at in order
        ),
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
