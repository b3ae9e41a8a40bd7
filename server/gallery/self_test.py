"""What this very gallery's residents and strangers would see: every photo against all the others. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.access.matching.gallery import Gallery
from server.access.matching.templates import Template, distance, scaled, score_at, template
from server.gallery.admission import Arrived

NEAREST = 100
"""So many of the nearest pairs of people are named."""
BLOCK = 256
"""So many are held against all others at once: of 10,000 people, 10 MB of scores."""
MOST_SCORES = 10_000_000
"""Of photos against people, where they are sampled: 1,000 photos of a site of 10,000 people."""
MOST_PEOPLE = 10_000
"""Of more, so many are held against each other, evenly chosen: the work grows with their square."""
STEP = 0.005
STEPS = np.round(np.arange(0.0, 2.0 + STEP / 2, STEP), 3)
"""Distances up to which comparisons are counted."""


class Fate(str, Enum):
    """What became of a photo that stood in for a visitor."""

    RECOGNISED = "recognised"
    REFUSED = "refused"
    NEAR_TIE = "near_tie"
    CONFUSED = "confused"


@dataclass(frozen=True)
class Tried:
    """One photo of somebody with several, as a visitor of one look whom the other photos enrol. `nearest`:
    who came out nearest, at `distance`; `runner_up`: how far the next one was; None: there is nobody else."""

    path: PurePath
    name: str
    nearest: str
    distance: float
    runner_up: float | None

    def fate(self, threshold: float, margin: float) -> Fate:
        """`threshold`: largest distance at which somebody is recognised; `margin`: how much farther the
        runner-up must be."""
        if self.distance > threshold:
            return Fate.REFUSED
        if self.runner_up is not None and self.runner_up - self.distance < margin:
            return Fate.NEAR_TIE
        return Fate.RECOGNISED if self.nearest == self.name else Fate.CONFUSED


class Near(NamedTuple):
    """Two people and the distance of their templates."""

    names: tuple[str, str]
    distance: float


@dataclass(frozen=True, eq=False)
class SelfTest:
    """All that the rules have no part in.

    `tried`: every photo of somebody with two or more, or of a sample of them. `own`: float[n], ascending, how
    far each of them is from the same person's other photos. `single`: how many people have one photo.
    `strangers`: int[len(STEPS)], how many of the `compared` comparisons of a photo with somebody else come
    out at each of `STEPS` or nearer. `pairs`: of different people; `near`: float[m], ascending, the distances
    of those that any threshold could take for one; `nearest`: the nearest ones of all.
    """

    tried: tuple[Tried, ...]
    own: NDArray[np.float64]
    single: int
    strangers: NDArray[np.int64]
    compared: int
    pairs: int
    near: NDArray[np.float64]
    nearest: tuple[Near, ...]

    def within(self, threshold: float) -> int:
        """How many pairs of people are no farther apart; at most the largest threshold that may be set."""
        return int(np.searchsorted(self.near, threshold, side="right"))


def self_test(photos: Sequence[Arrived], gallery: Gallery, most_scores: int | None = None) -> SelfTest:
    """`photos`: those that `gallery` was made of. `most_scores`: hold so many photos against everybody that
    this is not exceeded, evenly chosen; None: all of them.

    For another thread than the event loop's.
    """
    own: defaultdict[str, list[Arrived]] = defaultdict(list)
    for photo in photos:
        own[photo.name].append(photo)
    scores = len(photos) * len(gallery.people)
    chosen = photos if most_scores is None else photos[:: max(1, -(-scores // most_scores))]
    trials = _Trials(gallery)
    for start in range(0, len(chosen), BLOCK):
        block = chosen[start : start + BLOCK]
        trials.add(block, [[other for other in own[photo.name] if other is not photo] for photo in block])
    pairs, near, nearest = _pairs(gallery)
    return SelfTest(
        tried=tuple(trials.tried),
        own=np.sort(np.array(trials.own)),
        single=sum(len(group) == 1 for group in own.values()),
        strangers=np.cumsum(trials.strangers),
        compared=trials.compared,
        pairs=pairs,
        near=near,
        nearest=nearest,
    )


class _Trials:
    """Photos that stand in for visitors, counted as they come."""

    def __init__(self, gallery: Gallery) -> None:
        self.tried: list[Tried] = []
        self.own: list[float] = []
        self.strangers = np.zeros(len(STEPS), np.int64)
        """How many up to the first step, from there up to the next, and so on."""
        self.compared = 0
        self._gallery = gallery
        self._rows = {name: at for at, name in enumerate(gallery.people)}

    def add(self, photos: Sequence[Arrived], others: Sequence[Sequence[Arrived]]) -> None:
        """`others`: of each photo, the same person's other ones."""
        gallery = self._gallery
        scores = np.stack([_seen(photo, gallery) for photo in photos]) @ gallery.templates.T
        columns = [self._rows[photo.name] for photo in photos]
        scores[np.arange(len(photos)), columns] = -np.inf  # of a template that the photo is a part of
        apart = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * scores))
        places = np.ceil(apart[np.isfinite(apart)] / STEP).astype(np.int32)
        self.strangers += np.bincount(places, minlength=len(STEPS))
        self.compared += len(places)
        for photo, rest, row, column in zip(photos, others, apart, columns, strict=True):
            if rest:
                self._try(photo, rest, row, column)

    def _try(
        self, photo: Arrived, others: Sequence[Arrived], apart: NDArray[np.floating], column: int
    ) -> None:
        gallery = self._gallery
        reference = template(np.concatenate([other.rows for other in others]))
        exponent = gallery.recogniser.exponent
        apart[column] = distance(float(scaled(reference, exponent) @ _seen(photo, gallery)))
        self.own.append(float(apart[column]))
        first, *second = np.argsort(apart, kind="stable")[:2] if len(apart) < 3 else _smallest_two(apart)
        self.tried.append(
            Tried(
                path=photo.path,
                name=photo.name,
                nearest=gallery.people[first],
                distance=float(apart[first]),
                runner_up=float(apart[second[0]]) if second else None,
            )
        )


def _smallest_two(values: NDArray[np.floating]) -> list[int]:
    two = np.argpartition(values, 1)[:2]
    return [int(at) for at in two[np.argsort(values[two], kind="stable")]]


def _seen(photo: Arrived, gallery: Gallery) -> Template:
    """The photo as a look at the door."""
    rows = photo.rows if gallery.recogniser.mirrored_looks else photo.rows[:1]
    return scaled(template(rows), gallery.recogniser.exponent)


def _pairs(gallery: Gallery) -> tuple[int, NDArray[np.float64], tuple[Near, ...]]:
    """How many pairs of people there are, the distances of the near ones, and the nearest ones by name."""
    step = max(1, -(-len(gallery.people) // MOST_PEOPLE))
    people, templates = gallery.people[::step], gallery.templates[::step]
    least_score = score_at(gallery.recogniser.by_hand[1])
    numbers = np.arange(len(people))
    near: list[NDArray[np.floating]] = []
    best: list[tuple[float, int, int]] = []
    for start in range(0, len(people), BLOCK):
        rows = numbers[start : start + BLOCK]
        scores = templates[rows] @ templates.T
        scores[numbers <= rows[:, np.newaxis]] = -np.inf
        near.append(scores[scores >= least_score])
        order = np.argpartition(-scores, min(NEAREST, scores.size) - 1, axis=None)[:NEAREST]
        best += [(-float(scores.flat[at]), start + at // len(people), at % len(people)) for at in order]
    found = ((score, one, other) for score, one, other in sorted(best) if one < other)
    return (
        len(people) * (len(people) - 1) // 2,
        np.sort(np.sqrt(np.maximum(0.0, 2.0 - 2.0 * np.concatenate(near or [np.empty(0)])))),
        tuple(
            Near((people[one], people[other]), distance(-score))
            for score, one, other in islice(found, NEAREST)
        ),
    )
