"""The immutable gallery that probes are matched against."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.vision.analysis import EMBEDDING_SIZE, Embedding


class Match(NamedTuple):
    """The nearest person, and how near anybody else comes: Euclidean distances between embeddings."""

    name: str
    distance: float
    runner_up: float | None


@dataclass(frozen=True)
class Gallery:
    """Everybody enrolled, at one moment.

    `version` grows with every change. `people`: display names, sorted. `embeddings`: float32[n, 128], the
    photos of one person side by side. `starts`: intp[len(people)], the first row of each person. `squares`:
    float32[n], the squared norm of each row.
    """

    version: int
    people: tuple[str, ...]
    starts: NDArray[np.intp]
    embeddings: NDArray[np.float32]
    squares: NDArray[np.float32]

    @classmethod
    def build(cls, version: int, photos: Iterable[tuple[str, Embedding]]) -> "Gallery":
        """A gallery of (name, float32[128]) pairs, one for each photo."""
        ordered = sorted(photos, key=lambda photo: photo[0])
        names = [name for name, _ in ordered]
        people = tuple(sorted(set(names)))
        rows = np.array([row for _, row in ordered], dtype=np.float32).reshape(len(ordered), EMBEDDING_SIZE)
        starts = np.array(
            [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]], dtype=np.intp
        )
        return cls(version, people, starts, rows, np.einsum("ij,ij->i", rows, rows))

    @property
    def photos(self) -> int:
        return len(self.embeddings)

    def __contains__(self, name: str) -> bool:
        at = bisect_left(self.people, name)
        return at < len(self.people) and self.people[at] == name

    def match(self, probe: Embedding) -> Match | None:
        """The person with the photo nearest to `probe` (float32[128]); None when nobody is enrolled."""
        if not self.people:
            return None
        squared = self.squares - 2 * (self.embeddings @ probe) + probe @ probe
        nearest = np.sqrt(np.maximum(np.minimum.reduceat(squared, self.starts), 0))
        best = int(nearest.argmin())
        distance = float(nearest[best])
        nearest[best] = np.inf
        runner_up = float(nearest.min()) if len(self.people) > 1 else None
        return Match(self.people[best], distance, runner_up)


EMPTY = Gallery.build(0, ())
