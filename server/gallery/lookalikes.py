"""Photos that show somebody else than their name says, or somebody very like another person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.gallery.receipts import LookAlike
from server.vision.analysis import EMBEDDING_SIZE, Embedding


class Enrolled(NamedTuple):
    """A photo's person and embedding."""

    name: str
    embedding: Embedding


class Review(NamedTuple):
    """`misplaced`: nearer to somebody else than to the other photos of their own person; not to be enrolled.
    `unlike`: farther than `SAME_PERSON` from every other photo of their own person; not to be enrolled.
    `alike`: enrolled, but within `LOOK_ALIKE` of somebody else."""

    misplaced: dict[PurePath, LookAlike]
    unlike: dict[PurePath, float]
    alike: dict[PurePath, LookAlike]


LOOK_ALIKE = 0.45
"""Photos of two people this near are reported: 3 in 100,000 pairs of strangers are (measured on LFW)."""
SAME_PERSON = 0.6
"""Photos of one person that are farther apart from all others of that person show somebody else: 1 in 100
pairs of photos of one person are (measured on LFW), and 99.4 in 100 pairs of strangers."""
_ROWS = 512


def review(photos: Mapping[PurePath, Enrolled], fresh: Sequence[PurePath]) -> Review:
    """Compare the `fresh` photos with all `photos` (which include them); distances are Euclidean.

    An older photo that a fresh one puts in doubt is judged anew as well, so that the order of arrival does
    not matter.
    """
    everything = _Everything(photos)
    suspects = sorted(
        {
            path
            for start in range(0, len(fresh), _ROWS)
            for path in everything.near_others(fresh[start : start + _ROWS])
        }
    )
    misplaced = _nearer_to_others(everything, suspects)
    unlike = _unlike_their_own(everything, [path for path in fresh if path not in misplaced])
    alike = {}
    for path in suspects:
        other = everything.nearest_other(path)
        enrolled = path not in misplaced and path not in unlike
        if enrolled and other is not None and other.distance <= LOOK_ALIKE:
            alike[path] = other
    return Review(misplaced, unlike, alike)


def _nearer_to_others(everything: "_Everything", suspects: Sequence[PurePath]) -> dict[PurePath, LookAlike]:
    """The worst goes first: without it, those that it made look suspicious stay."""
    misplaced = {}
    for path in sorted(suspects, key=everything.misplacement, reverse=True):
        other, own = everything.nearest_other(path), everything.nearest_own(path)
        if other is not None and own is not None and other.distance < min(own, LOOK_ALIKE):
            misplaced[path] = other
            everything.drop(path)
    return misplaced


def _unlike_their_own(everything: "_Everything", fresh: Sequence[PurePath]) -> dict[PurePath, float]:
    """A person's established photos speak first, then fresh ones in the order of their names."""
    for path in fresh:
        everything.drop(path)
    unlike = {}
    for path in sorted(fresh):
        own = everything.nearest_own(path)
        if own is not None and own > SAME_PERSON:
            unlike[path] = own
        else:
            everything.restore(path)
    return unlike


class _Everything:
    """All photos as one matrix, with the dropped ones left out of every answer."""

    def __init__(self, photos: Mapping[PurePath, Enrolled]) -> None:
        self._row = {path: row for row, path in enumerate(photos)}
        self._names = [photo.name for photo in photos.values()]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(self._names))}
        self._person = np.array([numbers[name] for name in self._names], dtype=np.int32)
        self._rows_of: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(self._names):
            self._rows_of[name].append(row)
        embeddings = [photo.embedding for photo in photos.values()]
        self._matrix = np.array(embeddings, dtype=np.float32).reshape(len(photos), EMBEDDING_SIZE)
        self._squares = np.einsum("ij,ij->i", self._matrix, self._matrix)
        self._active = np.ones(len(photos), dtype=bool)

    def drop(self, path: PurePath) -> None:
        self._active[self._row[path]] = False

    def restore(self, path: PurePath) -> None:
        self._active[self._row[path]] = True

    def near_others(self, paths: Sequence[PurePath]) -> list[PurePath]:
        """Those of `paths` that are near a photo of somebody else, and those other photos."""
        rows = [self._row[path] for path in paths]
        strangers = self._person[rows][:, None] != self._person[None, :]
        near = (self._distances(rows) <= LOOK_ALIKE) & strangers
        in_doubt = near.any(axis=0)
        in_doubt[rows] |= near.any(axis=1)
        return [path for path, row in self._row.items() if in_doubt[row]]

    def nearest_other(self, path: PurePath) -> LookAlike | None:
        """The nearest photo of anybody else."""
        row = self._row[path]
        others = self._active & (self._person != self._person[row])
        if not others.any():
            return None
        distances = np.where(others, self._distances([row])[0], np.inf)
        at = int(distances.argmin())
        return LookAlike(self._names[at], float(distances[at]))

    def nearest_own(self, path: PurePath) -> float | None:
        """The distance to the nearest other photo of this person."""
        row = self._row[path]
        own = [at for at in self._rows_of[self._names[row]] if at != row and self._active[at]]
        return float(np.linalg.norm(self._matrix[own] - self._matrix[row], axis=1).min()) if own else None

    def misplacement(self, path: PurePath) -> float:
        """How much nearer a photo is to somebody else than to its own person."""
        other, own = self.nearest_other(path), self.nearest_own(path)
        return own - other.distance if other is not None and own is not None else -np.inf

    def _distances(self, rows: Sequence[int]) -> NDArray[np.float32]:
        products = self._matrix[rows] @ self._matrix.T
        squared = self._squares[None, :] + self._squares[rows][:, None] - 2 * products
        distances: NDArray[np.float32] = np.sqrt(np.maximum(squared, 0))
        return distances
