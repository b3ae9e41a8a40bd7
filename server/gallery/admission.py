"""Who is let into the gallery: every photo is judged against those that came before it.

So nobody who came later can put out somebody who is enrolled, and the same photos in the same order always
have the same outcome, whether they come one by one or all at once after a restart.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import PurePath
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import EMBEDDING_SIZE, Recogniser
from server.access.matching.templates import Template, distance, scaled, score_at, template
from server.gallery.receipts import LookAlike

NEAR = 1.1
"""People are told of whose templates are within this many times the distance at which one would be held."""
_DIGITS = 4
"""Of a distance that do not depend on how it was computed."""

Pair: TypeAlias = frozenset[str]
"""The names of two people."""
Threshold: TypeAlias = Callable[[int], float]
"""From a number of people to the distance at which one look is taken for one of them: the more people, the
smaller."""


class Arrived(NamedTuple):
    """A photo of one face. `rows`: float32[r, 128], its embedding and its mirror image's."""

    path: PurePath
    sha256: str
    name: str
    rows: NDArray[np.float32]


class Ruling(str, Enum):
    """`UNLIKE`: the face is not that of the person's earlier photos. `MISPLACED`: it is somebody else's.
    `HELD`: with it, the person could be taken for somebody else. `SET_ASIDE`: somebody said that the photo is
    to enrol nobody; it is not compared with others."""

    ADMITTED = "admitted"
    UNLIKE = "unlike"
    MISPLACED = "misplaced"
    HELD = "held"
    SET_ASIDE = "set_aside"


class Judgement(NamedTuple):
    """`distance`: from the earlier photos of the same name, when `UNLIKE`. `other`: whom it looks like, when
    `MISPLACED` or `HELD`."""

    ruling: Ruling
    distance: float | None = None
    other: LookAlike | None = None


class LookAlikes(NamedTuple):
    """Two enrolled people who are near each other. `confirmed`: somebody said that they are two."""

    names: tuple[str, str]
    distance: float
    confirmed: bool


class Admission:
    """Judges photos in the order of their arrival, and remembers how far it came: when only new photos were
    added, the old ones are not judged again."""

    def __init__(self, recogniser: Recogniser, threshold: Threshold) -> None:
        self._recogniser = recogniser
        self._threshold = threshold
        self._people, self._limit = 0, 0.0
        self._begin(frozenset())

    def review(self, photos: Sequence[Arrived], confirmed: frozenset[Pair]) -> dict[PurePath, Judgement]:
        """What is judged of each of `photos`, which are in the order of their arrival. `confirmed`: pairs of
        people who may look alike."""
        people = len({photo.name for photo in photos})
        limit = self._limit_for(people)
        before = [(photo.path, photo.sha256) for photo in photos[: len(self._judged)]]
        if before != self._judged or confirmed != self._confirmed or not self._holds_at(limit):
            self._begin(confirmed)
        self._people, self._limit = people, limit
        for photo in photos[len(self._judged) :]:
            self._judgements[photo.path] = self._judge(photo)
            self._judged.append((photo.path, photo.sha256))
        return dict(self._judgements)

    def look_alikes(self) -> list[LookAlikes]:
        """Those who are enrolled and near each other, nearest first."""
        pairs = [
            LookAlikes((name, other), apart, self._is_confirmed(name, other))
            for name, others in self._near.items()
            for other, apart in others.items()
            if name < other and apart <= NEAR * self._limit
        ]
        return sorted(pairs, key=lambda pair: (pair.distance, pair.names))

    @property
    def current(self) -> bool:
        """Whether the threshold is still the one that the photos were judged by."""
        return self._limit == self._limit_for(self._people)

    def _limit_for(self, people: int) -> float:
        return self._threshold(people) if people else 0.0

    def _begin(self, confirmed: frozenset[Pair]) -> None:
        self._confirmed: frozenset[Pair] = confirmed
        self._judged: list[tuple[PurePath, str]] = []
        self._judgements: dict[PurePath, Judgement] = {}
        self._names: list[str] = []
        self._column: dict[str, int] = {}
        self._photos: dict[str, list[NDArray[np.float32]]] = {}
        self._near: dict[str, dict[str, float]] = {}
        self._templates: NDArray[np.float32] = np.empty((EMBEDDING_SIZE, 64), np.float32)

    def _holds_at(self, limit: float) -> bool:
        """Whether what was judged is right at this distance, too: a larger one could hold who was let in, a
        smaller one let in who was held."""
        held = any(judgement.ruling is Ruling.HELD for judgement in self._judgements.values())
        return limit == self._limit or (limit < self._limit and not held)

    def _judge(self, photo: Arrived) -> Judgement:
        earlier = self._photos.get(photo.name, [])
        if earlier:
            refused = self._wrong_face(photo)
            if refused is not None:
                return refused
        reference = template(np.concatenate([*earlier, photo.rows]))
        near = self._others_within(NEAR * self._limit, reference, photo.name)
        for other in near:
            if other.distance <= self._limit and not self._is_confirmed(photo.name, other.name):
                return Judgement(Ruling.HELD, other=other)
        self._admit(photo, reference, near)
        return Judgement(Ruling.ADMITTED)

    def _wrong_face(self, photo: Arrived) -> Judgement | None:
        """Why this cannot be another photo of a person who is enrolled already."""
        seen = template(photo.rows)
        own = _rounded(float(self._scaled(seen) @ self._templates[:, self._column[photo.name]]))
        for other in self._others_within(min(own, self._recogniser.misplaced), seen, photo.name):
            if not self._is_confirmed(photo.name, other.name):
                return Judgement(Ruling.MISPLACED, other=other)
        return Judgement(Ruling.UNLIKE, distance=own) if own > self._recogniser.same_person else None

    def _others_within(self, limit: float, probe: Template, name: str) -> list[LookAlike]:
        """Who is enrolled under another name and no farther than `limit` from `probe`, nearest first."""
        scores = self._templates[:, : len(self._names)].T @ self._scaled(probe)
        found = [
            LookAlike(self._names[at], _rounded(float(scores[at])))
            for at in np.flatnonzero(scores >= score_at(limit + 10**-_DIGITS))
            if self._names[at] != name
        ]
        return sorted(
            (other for other in found if other.distance <= limit),
            key=lambda other: (other.distance, other.name),
        )

    def _admit(self, photo: Arrived, reference: Template, near: Sequence[LookAlike]) -> None:
        name = photo.name
        if name not in self._column:
            self._column[name] = len(self._names)
            self._names.append(name)
        if len(self._names) > self._templates.shape[1]:
            self._templates = np.hstack([self._templates, np.empty_like(self._templates)])
        self._templates[:, self._column[name]] = self._scaled(reference)
        self._photos.setdefault(name, []).append(photo.rows)
        for neighbour in self._near.get(name, {}):
            del self._near[neighbour][name]
        self._near[name] = {other.name: other.distance for other in near}
        for other in near:
            self._near[other.name][name] = other.distance

    def _scaled(self, own: Template) -> Template:
        return scaled(own, self._recogniser.exponent)

    def _is_confirmed(self, name: str, other: str) -> bool:
        return frozenset((name, other)) in self._confirmed


def warnings(pairs: Sequence[LookAlikes]) -> dict[str, LookAlike]:
    """For each person the nearest other one, of `pairs` that nobody has confirmed."""
    found: dict[str, LookAlike] = {}
    for pair in pairs:
        if not pair.confirmed:
            one, other = pair.names
            found.setdefault(one, LookAlike(other, pair.distance))
            found.setdefault(other, LookAlike(one, pair.distance))
    return found


def _rounded(score: float) -> float:
    return round(distance(score), _DIGITS)
