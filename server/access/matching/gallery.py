"""The immutable gallery that probes are matched against."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.access.matching.neighbourhood import Population, nearness
from server.access.matching.recogniser import EMBEDDING_SIZE, Recogniser
from server.access.matching.templates import Template, distance, scaled

ROUNDING = 2 * EMBEDDING_SIZE * float(np.finfo(np.float32).eps)
"""Bound on how wrong the difference of two scores can be in float32: each is a sum of 128 products of vectors
no longer than 1."""
_SLICE = 512
"""People whose photos are copied at once. NumPy holds the interpreter while it reads a list, and the event
loop has to wait for it."""


class Match(NamedTuple):
    """The nearest person, and how near anybody else comes: distances as in `matching.templates`.

    `photos`: how many photos the person's template was made of.
    """

    name: str
    distance: float
    runner_up: float | None
    photos: int


@dataclass(frozen=True)
class Gallery:
    """Everybody enrolled, at one moment.

    `recogniser`: whose embeddings these are. `version` grows with every change. `people`: display names,
    sorted. `counts`: intp[n], how many photos each has. `templates`: float32[n, 128], the `scaled` template
    of each, in memory column after column, which is the fastest to multiply by. `population`: what the
    threshold depends on.
    """

    recogniser: Recogniser
    version: int
    people: tuple[str, ...]
    counts: NDArray[np.intp]
    templates: NDArray[np.float32]
    population: Population

    @classmethod
    def build(
        cls, recogniser: Recogniser, version: int, photos: Iterable[tuple[str, NDArray[np.float32]]]
    ) -> "Gallery":
        """A gallery of (name, float32[r, 128]) pairs, one for each photo: its embedding, and its mirror
        image's as a further row.

        For another thread when there are many people. Raises ValueError for a row without a direction.
        """
        ordered = sorted(photos, key=lambda photo: photo[0])
        groups = [(name, sum(1 for _ in group)) for name, group in groupby(name for name, _ in ordered)]
        counts = np.array([count for _, count in groups], dtype=np.intp)
        templates = _templates([rows for _, rows in ordered], counts, recogniser.exponent)
        population = Population(len(groups), nearness(templates, recogniser.calibration))
        return cls(
            recogniser=recogniser,
            version=version,
            people=tuple(name for name, _ in groups),
            counts=counts,
            templates=templates,
            population=population,
        )

    @property
    def photos(self) -> int:
        return int(self.counts.sum())

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def photos_of(self, name: str) -> int:
        """How many photos of this person are enrolled; 0 for somebody who is not."""
        at = self._find(name)
        return 0 if at is None else int(self.counts[at])

    def distance_to(self, name: str, probe: Template) -> float | None:
        """The distance from `probe` to this person; None for somebody who is not enrolled."""
        at = self._find(name)
        return None if at is None else distance(float(self._scores([at], self._scaled(probe))[0]))

    def match(self, probe: Template) -> Match | None:
        """The person nearest to `probe`; None when nobody is enrolled.

        One pass over all templates finds those that may be the nearest two; only their scores are computed
        without rounding errors that matter. Of several equally near the first by name is the nearest.
        """
        if not self.people:
            return None
        probe = self._scaled(probe)
        rows = self._contenders(probe)
        scores = self._scores(rows, probe)
        best = int(scores.argmax())
        others = np.delete(scores, best)
        at = int(rows[best])
        return Match(
            name=self.people[at],
            distance=distance(float(scores[best])),
            runner_up=distance(float(others.max())) if others.size else None,
            photos=int(self.counts[at]),
        )

    def nearest(self, probe: Template, most: int) -> list[tuple[str, float]]:
        """Up to `most` people and their distances from `probe`, nearest first: the first is that of `match`,
        the second its runner-up."""
        if not self.people:
            return []
        probe = self._scaled(probe)
        rough = self.templates @ probe
        last = max(0, len(rough) - most)
        rows = np.flatnonzero(rough >= np.partition(rough, last)[last] - ROUNDING)
        scores = self._scores(rows, probe)
        order = np.argsort(-scores, kind="stable")[:most]
        return [(self.people[int(rows[at])], distance(float(scores[at]))) for at in order]

    def _scaled(self, probe: Template) -> Template:
        return scaled(probe, self.recogniser.exponent)

    def _find(self, name: str) -> int | None:
        at = bisect_left(self.people, name)
        return at if at < len(self.people) and self.people[at] == name else None

    def _contenders(self, probe: Template) -> NDArray[np.intp]:
        """The rows that may be the nearest or the runner-up, in order."""
        scores = self.templates @ probe
        nearest = scores.argmax()
        score = scores[nearest]
        scores[nearest] = -np.inf
        second = scores.max()
        scores[nearest] = score
        return np.flatnonzero(scores >= second - ROUNDING)

    def _scores(self, rows: Sequence[int] | NDArray[np.intp], probe: Template) -> NDArray[np.float64]:
        """Row by row, so that a score does not depend on which others are computed with it."""
        chosen = np.ascontiguousarray(self.templates[rows], dtype=np.float64)
        scores: NDArray[np.float64] = (chosen * probe.astype(np.float64)).sum(axis=1)
        return scores


def _templates(
    photos: Sequence[NDArray[np.float32]], counts: NDArray[np.intp], exponent: float
) -> NDArray[np.float32]:
    """float32[len(counts), 128]: the scaled template of the first `counts[0]` photos, of the next
    `counts[1]`, and so on."""
    columns = np.empty((EMBEDDING_SIZE, len(counts)), dtype=np.float32)
    ends = np.concatenate([[0], np.cumsum(counts)])
    for first in range(0, len(counts), _SLICE):
        bounds = ends[first : first + _SLICE + 1]
        chunk = _scaled_means(photos[bounds[0] : bounds[-1]], bounds[:-1] - bounds[0], exponent)
        columns[:, first : first + _SLICE] = chunk.T
    return columns.T


def _scaled_means(
    photos: Sequence[NDArray[np.float32]], starts: NDArray[np.intp], exponent: float
) -> NDArray[np.float64]:
    """What `templates.scaled(templates.template(...))` gives, for many people at once: 100,000 take 0.3 s.

    `starts`: each person's first photo.
    """
    first_row = np.cumsum([0, *(len(photo) for photo in photos)])[starts]
    rows = np.concatenate(photos).astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise ValueError("an embedding has no direction")
    counts = np.diff(first_row, append=len(rows))[:, None]
    means: NDArray[np.float64] = np.add.reduceat(rows / norms, first_row, axis=0) / counts
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    means /= np.maximum(lengths, np.finfo(np.float64).tiny) ** exponent
    return means
