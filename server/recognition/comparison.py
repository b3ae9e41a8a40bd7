"""A still picture's faces against the gallery: who each is nearest to, and whether one is who it shall be.
Pure.

A still is one look. It is held against the doors' own threshold, at which several looks that agree, and the
proof of a living face, open a door: here neither is asked for, so that nothing may be opened by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.access.decision import Nearest
from server.access.evidence import held_against
from server.access.matching.gallery import Gallery
from server.access.matching.templates import Template, template
from server.access.odds import look_risk, one_in
from server.access.rules import Rules
from server.access.seen import Face
from wire.reasons import Reason

MOST_RANKED = 10
"""People who are told of each face."""


@dataclass(frozen=True)
class Bar:
    """What the distances of a still are held against.

    `threshold`: the doors' own, for those enrolled now. `risk`: the share of strangers' stills that are
    within it, of the person claimed, or of anybody enrolled. `sentence`: both in words.
    """

    threshold: float
    risk: float
    sentence: str


@dataclass(frozen=True, eq=False)
class Identified:
    """One face, compared with everybody.

    `ranked`: the people nearest to it, nearest first. `reason`: `RECOGNISED` as the first of them,
    `UNKNOWN_FACE`, `NEAR_TIE` or `NOBODY_ENROLLED`; None when it cannot be compared (`Face.flaw`, or it has
    no embedding).
    """

    face: Face
    ranked: tuple[Nearest, ...] = ()
    reason: Reason | None = None

    @property
    def name(self) -> str | None:
        return self.ranked[0].name if self.reason is Reason.RECOGNISED else None


@dataclass(frozen=True, eq=False)
class Verified:
    """The faces of a picture, compared with one person. `distances`: for each face; None where it cannot be
    compared. `bar`: of as many comparisons as were made."""

    distances: tuple[float | None, ...]
    bar: Bar

    @property
    def nearest(self) -> float | None:
        """The least distance: the person may be any of those on the picture."""
        return min((each for each in self.distances if each is not None), default=None)

    @property
    def matched(self) -> bool:
        return self.nearest is not None and self.nearest <= self.bar.threshold


def identify(face: Face, gallery: Gallery, rules: Rules) -> Identified:
    """Who of everybody enrolled the face is nearest to (1:N)."""
    probe = probe_of(face)
    if probe is None:
        return Identified(face)
    ranked = tuple(Nearest(*each) for each in gallery.nearest(probe, MOST_RANKED))
    if not ranked:
        return Identified(face, reason=Reason.NOBODY_ENROLLED)
    runner_up = ranked[1].distance if len(ranked) > 1 else None
    threshold = rules.threshold_for(gallery.population)
    return Identified(
        face, ranked, held_against(ranked[0].distance, runner_up, threshold, rules.least_margin)
    )


def verify(faces: Sequence[Face], name: str, gallery: Gallery, rules: Rules) -> Verified:
    """Whether one of the faces is the enrolled person of this name (1:1): who else it may be is not asked.
    Raises KeyError: nobody of that name is enrolled."""
    if name not in gallery:
        raise KeyError(name)
    probes = [probe_of(face) for face in faces]
    distances = tuple(None if probe is None else gallery.distance_to(name, probe) for probe in probes)
    compared = sum(distance is not None for distance in distances)
    return Verified(distances, bar_of_one(gallery, rules, max(1, compared)))


def probe_of(face: Face) -> Template | None:
    """What is compared of a face; None when it cannot be."""
    if face.embedding is None or face.flaw is not None:
        return None
    mirrored = [] if face.mirrored is None else [face.mirrored]
    return template(np.stack([face.embedding, *mirrored]))


def bar_of_all(gallery: Gallery, rules: Rules) -> Bar:
    """For comparing one face with everybody enrolled."""
    people = gallery.population.people
    whom = "the one person enrolled" if people == 1 else f"one of the {people} people enrolled"
    return _bar(gallery, rules, max(1, people), whom)


def bar_of_one(gallery: Gallery, rules: Rules, faces: int = 1) -> Bar:
    """For comparing so many faces with one person."""
    return _bar(gallery, rules, faces, "that person")


def _bar(gallery: Gallery, rules: Rules, comparisons: int, whom: str) -> Bar:
    threshold = rules.threshold_for(gallery.population)
    risk = look_risk(rules, threshold, gallery.population._replace(people=comparisons))
    sentence = (
        f"Up to a distance of {threshold:.2f}, as at the doors: of strangers' pictures about {one_in(risk)}"
        f" is taken for {whom}. Whether the face is a living one is not checked."
    )
    return Bar(threshold, risk, sentence)
