"""Trials by identity: in a draw every pair of people counts once, however many photos they have."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Recogniser
from tests.benchmarks.accuracy.identities import Identities, Rows, unit

Distances = NDArray[np.float32]
"""float32[enrolled, visitors]."""
Rule = Callable[[list[Rows], list[Rows]], Distances]
"""From the chosen photos of everybody enrolled and the chosen frames of every visitor, float32[k, 2, 128]
each, to how far each is from each."""
CELLS = ((1, 1), (1, 3), (3, 1), (3, 3))
"""Photos of an enrolled person, and frames of a visitor."""
DRAWS = {(1, 1): 4, (1, 3): 12, (3, 1): 12, (3, 3): 40}
"""Random choices of photos: as many as change nothing more."""
PLAIN_TOLERANCE = 0.6
"""face_recognition's default."""


@dataclass(frozen=True, eq=False)
class Draw:
    """`enrolled`, `visitors`: who they are, numbers of the identities. `distances` of each from each."""

    enrolled: NDArray[np.intp]
    visitors: NDArray[np.intp]
    distances: Distances

    def strangers(self, identities: Identities) -> NDArray[np.bool_]:
        """bool[enrolled, visitors]: between two people."""
        return ~identities.same[np.ix_(self.enrolled, self.visitors)]


def template_rule(exponent: float, mirrored_looks: bool) -> Rule:
    """Means of unit embeddings; the score is their inner product over their norms to the power `exponent`: 1
    is cosine (`server.access.matching.templates.score`). Photos take part with their mirror images, frames
    only if `mirrored_looks`."""

    def rule(photos: list[Rows], frames: list[Rows]) -> Distances:
        reference = scaled_templates([rows.reshape(-1, rows.shape[-1]) for rows in photos], exponent)
        seen = [rows.reshape(-1, rows.shape[-1]) if mirrored_looks else rows[:, 0] for rows in frames]
        return apart(reference @ scaled_templates(seen, exponent).T)

    return rule


def rule_of(recogniser: Recogniser) -> Rule:
    """As the server compares."""
    return template_rule(recogniser.exponent, recogniser.mirrored_looks)


def plain_rule(photos: list[Rows], frames: list[Rows]) -> Distances:
    """The least Euclidean distance of any photo from any frame, as with face_recognition."""
    most_photos, most_frames = (max(map(len, rows)) for rows in (photos, frames))
    nearest = np.full((len(photos), len(frames)), np.inf, np.float32)
    for photo in range(most_photos):
        known = np.stack([rows[photo % len(rows), 0] for rows in photos])
        for frame in range(most_frames):
            seen = np.stack([rows[frame % len(rows), 0] for rows in frames])
            squares = (known**2).sum(axis=1)[:, None] + (seen**2).sum(axis=1) - 2 * known @ seen.T
            np.minimum(nearest, squares, out=nearest)
    distances: Distances = np.sqrt(np.maximum(0, nearest), dtype=np.float32)
    return distances


def apart(scores: Rows) -> Distances:
    """As `server.access.matching.templates.distance`, of each."""
    return np.asarray(np.sqrt(np.maximum(0, 2 - 2 * scores)), np.float32)


def draws(
    identities: Identities,
    photos: int,
    frames: int,
    rule: Rule,
    count: int | None = None,
    all_enrolled: bool = False,
) -> Iterator[Draw]:
    """Everybody with `photos` photos is enrolled with a random choice of them, and everybody with `frames`
    photos visits with a random choice, in which no photo is one that he is enrolled with, if he has enough.
    `all_enrolled`: those with fewer photos are enrolled, too, with all they have."""
    random = np.random.default_rng((photos, frames))
    enrolled, visitors = identities.having(1 if all_enrolled else photos), identities.having(frames)
    for _ in range(count or DRAWS[photos, frames]):
        shuffled = [rows[random.permutation(len(rows))] for rows in identities.photos]
        known = [shuffled[person][:photos] for person in enrolled]
        seen = [shuffled[person][-frames:] for person in visitors]
        yield Draw(enrolled, visitors, rule(known, seen))


def own(
    identities: Identities, photos: int, frames: int, least: int, count: int, rule: Rule
) -> NDArray[np.float32]:
    """float32[people, count]: how far people who have `least` photos are from themselves."""
    random = np.random.default_rng((photos, frames, least))
    apart = []
    for person in identities.having(least):
        rows = identities.photos[person]
        orders = [random.permutation(len(rows)) for _ in range(count)]
        known = [rows[order[:photos]] for order in orders]
        seen = [rows[order[-frames:]] for order in orders]
        apart.append(np.diagonal(rule(known, seen)))
    return np.stack(apart)


def scaled_templates(rows: Sequence[Rows], exponent: float) -> Rows:
    """float32[people, 128]: the mean of each one's unit embeddings, over its norm to the power `exponent`."""
    if len({len(each) for each in rows}) == 1:
        averages = unit(np.stack(rows)).mean(axis=1)
    else:
        averages = np.stack([unit(each).mean(axis=0) for each in rows])
    return np.asarray(averages / np.linalg.norm(averages, axis=1, keepdims=True) ** exponent, np.float32)
