"""People and the embeddings of their photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.photos import DATA

LFW = DATA / "lfw_calibration.npz"
CALIBRATING = {LFW.name: "embeddings of LFW", "stream": "the sample videos"}
REPORTING = {**CALIBRATING, "lfw10": "photos of ten people of LFW", "people": "the sample photos"}
SAME_PICTURE = 0.2
"""Photos of two names that are nearer show one person, or are one picture: such pairs are not strangers. Of
4 million pairs of LFW's people there are four, from 0.00 to 0.16; the next one is at 0.24."""

Rows = NDArray[np.float32]
"""float32[n, 128]."""


@dataclass(frozen=True, eq=False)
class Identities:
    """`photos[i]`: the embeddings, as the network gives them, of person i. `same`: bool[people, people], true
    for a person and himself, and where two names are one person."""

    photos: Sequence[Rows]
    same: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.photos)

    def having(self, count: int) -> NDArray[np.intp]:
        """The people with at least `count` photos."""
        return np.flatnonzero(np.array([len(rows) for rows in self.photos]) >= count)

    def some(self, people: NDArray[np.intp]) -> "Identities":
        """Only these people."""
        return Identities([self.photos[person] for person in people], self.same[np.ix_(people, people)])

    def halves(self, seed: int = 0) -> tuple["Identities", "Identities"]:
        """Two halves that share nobody: both names of one person fall into the same one."""
        second = np.zeros(len(self), dtype=np.bool_)
        second[np.random.default_rng(seed).permutation(len(self))[len(self) // 2 :]] = True
        for one, other in np.argwhere(np.triu(self.same, 1)):
            second[other] = second[one]
        return self.some(np.flatnonzero(~second)), self.some(np.flatnonzero(second))


def load(path: Path = LFW) -> Identities:
    """The people of an .npz with `identity` int[n] and `embedding` float[n, 128] of any norm."""
    data = np.load(path)
    embeddings = data["embedding"].astype(np.float32)
    numbers, person_of = np.unique(data["identity"], return_inverse=True)
    order = np.argsort(person_of, kind="stable")
    cuts = np.searchsorted(person_of[order], np.arange(1, len(numbers)))
    return Identities(np.split(embeddings[order], cuts), _same(unit(embeddings), person_of, len(numbers)))


def missing(data: Path, needed: Mapping[str, str]) -> str | None:
    """What the folder of the data lacks, in words for whoever measures; None: nothing. `needed`: names, and
    what is under them."""
    lacking = [f"{name} ({what})" for name, what in needed.items() if not (data / name).exists()]
    if not lacking:
        return None
    return (
        f"{data} has no {', no '.join(lacking)}: the data is not part of the repository"
        " (docs/accuracy/README.md); pass its folder as the first argument"
    )


def unit(rows: Rows) -> Rows:
    """Brought to length 1, along the last axis."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def _same(units: Rows, person_of: NDArray[np.intp], people: int) -> NDArray[np.bool_]:
    same = np.eye(people, dtype=np.bool_)
    near = 1 - SAME_PICTURE**2 / 2
    for start in range(0, len(units), 1024):
        alike = np.argwhere(units[start : start + 1024] @ units.T > near)
        same[person_of[alike[:, 0] + start], person_of[alike[:, 1]]] = True
    return same
