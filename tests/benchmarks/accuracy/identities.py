"""People and the embeddings of their photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import RecogniserName
from server.access.matching.templates import score_at
from tests.support.photos import DATA

LFW = DATA / "lfw_embeddings.npz"
INDEPENDENT = "independent"
NATURAL = {
    "casia": "East Asian students at one webcam",
    "orl": "staff and students before one camera, gray",
    "london": "studio portraits",
}
"""Sets of people who are no celebrities, and who they are: files of INDEPENDENT."""
CALIBRATING = {
    LFW.name: "embeddings of LFW",
    **{f"{INDEPENDENT}/{name}.npz": who for name, who in NATURAL.items()},
    "stream": "the sample videos",
}
REPORTING = {**CALIBRATING, "lfw10": "photos of ten people of LFW", "people": "the sample photos"}
ONE_PERSON: dict[RecogniserName, float] = {"sface": 0.92, "dlib": 0.35}
"""Photos of two names that both networks find nearer than this show one person, or are one picture: such
pairs are not strangers. Of 4 million pairs of LFW's people there are ten, all of which a look at the photos
bears out. The next ones, twins and look-alikes and a photo or two under a wrong name, stay strangers."""

Rows = NDArray[np.float32]
"""float32[n, 128], or float32[n, 2, 128]: photos, each with its mirror image."""


@dataclass(frozen=True, eq=False)
class Identities:
    """`photos[i]`: float32[n, 2, 128], the unit embeddings of person i's photos and their mirror images.
    `same`: bool[people, people], true for a person and himself, and where two names are one person."""

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


def load(path: Path, recogniser: RecogniserName) -> Identities:
    """The people of an .npz with `identity` int[n], and `dlib` and `sface` float[n, 2, 128] of any norm."""
    data = np.load(path)
    numbers, person_of = np.unique(data["identity"], return_inverse=True)
    order = np.argsort(person_of, kind="stable")
    cuts = np.searchsorted(person_of[order], np.arange(1, len(numbers)))
    embeddings = {name: unit(data[name].astype(np.float32)) for name in ONE_PERSON}
    photos = np.split(embeddings[recogniser][order], cuts)
    return Identities(photos, _same(embeddings, person_of, len(numbers)))


def natural(data: Path, recogniser: RecogniserName) -> dict[str, Identities]:
    """The sets of NATURAL, from the folder of the data."""
    return {name: load(data / INDEPENDENT / f"{name}.npz", recogniser) for name in NATURAL}


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


def _same(
    embeddings: Mapping[RecogniserName, Rows], person_of: NDArray[np.intp], people: int
) -> NDArray[np.bool_]:
    """Where two photos, or one and the other's mirror image, are near in every network."""
    same = np.eye(people, dtype=np.bool_)
    for start in range(0, len(person_of), 1024):
        near = np.ones((len(person_of[start : start + 1024]), len(person_of)), np.bool_)
        for name, units in embeddings.items():
            photos = units[start : start + 1024, 0]
            alike = np.maximum(photos @ units[:, 0].T, photos @ units[:, 1].T)
            near &= alike > score_at(ONE_PERSON[name])
        one, other = np.nonzero(near)
        same[person_of[one + start], person_of[other]] = True
        same[person_of[other], person_of[one + start]] = True
    return same
