"""What repeating the comparison with each further look adds to a stranger's chance, on real video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.evidence import Look, probe, recent
from server.access.matching.recogniser import Recogniser, RecogniserName
from server.access.matching.templates import scaled
from server.access.rules import Rules
from server.vision.models import Models
from tests.benchmarks.accuracy.footage import LOOK_SECONDS, Appearance, appearances
from tests.benchmarks.accuracy.identities import Identities, Rows, unit
from tests.benchmarks.accuracy.trials import apart, scaled_templates

FIRST = Rules().looks
"""Looks at the first comparison."""
LENGTHS = (10, 20, 40)
LEAST_LOOKS = 10
SAME_PERSON: dict[RecogniserName, float] = {"dlib": 0.25, "sface": 0.7}
"""Two appearances whose means are nearer are one person."""
STARTS = 25
"""Visits tried of each person."""


@dataclass(frozen=True, eq=False)
class Stranger:
    """Somebody on video."""

    name: str
    looks: Sequence[Look]


@dataclass(frozen=True)
class Chances:
    """At each threshold, the share accepted of first comparisons and of whole visits of `looks` looks."""

    looks: int
    people: int
    first: tuple[float, ...]
    visit: tuple[float, ...]

    @property
    def growth(self) -> float:
        """How many comparisons a visit is worth: the geometric mean over the thresholds."""
        ratios = [visit / first for first, visit in zip(self.first, self.visit, strict=True) if first > 0]
        return float(np.exp(np.mean(np.log(ratios))))


def strangers(models: Models, folder: Path, recogniser: Recogniser) -> list[Stranger]:
    """Everybody in the videos of `folder` who is seen often enough."""
    videos = sorted([*folder.rglob("*.mp4"), *folder.rglob("*.mkv")])
    people: list[list[Appearance]] = []
    for appearance in (each for video in videos for each in appearances(models, video, recogniser)):
        if len(appearance.looks) < LEAST_LOOKS:
            continue
        known = next(
            (each for each in people if _same_person(each[0], appearance, SAME_PERSON[recogniser.name])), None
        )
        if known is None:
            people.append([appearance])
        else:
            known.append(appearance)
    return [Stranger(each[0].video, _in_a_row(each)) for each in people]


def chances(
    people: Sequence[Stranger],
    gallery: Rows,
    length: int,
    thresholds: Sequence[float],
    recogniser: Recogniser,
) -> Chances:
    """Of visits of `length` looks, each person counting alike. `gallery`: scaled templates of others."""
    limits = np.array(thresholds)
    first, visit = [], []
    for person in people:
        starts = len(person.looks) - length + 1
        if starts < 1:
            continue
        visits = [
            _visit(person.looks[start : start + length], gallery, recogniser)
            for start in range(0, starts, max(1, starts // STARTS))
        ]
        firsts = np.array([each[:, 0] for each in visits])
        nearest = np.array([each.min(axis=1) for each in visits])
        first.append((firsts[..., None] <= limits).mean(axis=(0, 1)))
        visit.append((nearest[..., None] <= limits).mean(axis=(0, 1)))
    shares = (tuple(map(float, np.mean(each, axis=0))) for each in (first, visit))
    return Chances(length, len(first), *shares)


def gallery_of(identities: Identities, recogniser: Recogniser) -> Rows:
    """Scaled templates of everybody with one photo, and of those who have three with three."""
    photos = [each[:1] for each in identities.photos] + [
        each[:3] for each in identities.photos if len(each) >= 3
    ]
    return scaled_templates([rows.reshape(-1, rows.shape[-1]) for rows in photos], recogniser.exponent)


def _visit(looks: Sequence[Look], gallery: Rows, recogniser: Recogniser) -> NDArray[np.float32]:
    """float32[gallery, comparisons]: distances after each look from the third on."""
    rules = Rules(recogniser=recogniser)
    seen = looks if recogniser.mirrored_looks else [replace(look, rows=look.rows[:1]) for look in looks]
    probes = [
        scaled(probe(recent(seen[:end], seen[end - 1].at, rules), recogniser.same_view), recogniser.exponent)
        for end in range(FIRST, len(seen) + 1)
    ]
    return apart(gallery @ np.stack(probes).T)


def _same_person(one: Appearance, other: Appearance, within: float) -> bool:
    means = unit(
        np.stack([np.mean([look.embedding for look in each.looks], axis=0) for each in (one, other)])
    )
    return float(np.linalg.norm(means[0] - means[1])) < within


def _in_a_row(seen: Sequence[Appearance]) -> list[Look]:
    """All looks, each appearance beginning soon after the one before: somebody who turns up in short clips is
    seen for one long visit."""
    looks: list[Look] = []
    for appearance in seen:
        gap = LOOK_SECONDS + (looks[-1].at if looks else 0.0) - appearance.looks[0].at
        looks += [replace(look, at=look.at + gap) for look in appearance.looks]
    return looks
