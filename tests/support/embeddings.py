"""Synthetic embeddings at exact distances, and the faces, frames and galleries made of them.

All have length 1. People and strangers stand on axes of their own, so any two of them are sqrt(2) apart. A
shift turns towards one of `DIRECTIONS` further axes, so a look shifted by `d` is exactly `d` from its person
and still sqrt(2) from everybody else.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, EMBEDDING_SIZE, Embedding
from server.access.matching.templates import score_at
from server.access.seen import Analysis, Face
from wire import Box

PEOPLE = 40
STRANGERS = 24
DIRECTIONS = 64
APART = 2**0.5
"""Distance between any two people."""


def axis(index: int, length: float = 1.0) -> Embedding:
    embedding = np.zeros(EMBEDDING_SIZE, np.float32)
    embedding[index] = length
    return embedding


def person(index: int) -> Embedding:
    assert 0 <= index < PEOPLE
    return axis(index)


def stranger(index: int) -> Embedding:
    assert 0 <= index < STRANGERS
    return axis(PEOPLE + index)


def shifted(embedding: Embedding, distance: float, direction: int = 0) -> Embedding:
    """`embedding` (length 1) turned by the chord `distance` towards one of the `DIRECTIONS` spare axes, away
    from it when negative. It must not lie on that axis."""
    assert 0 <= direction < DIRECTIONS
    spare = axis(PEOPLE + STRANGERS + direction).astype(np.float64)
    across = spare - (spare @ embedding) * embedding
    cosine = score_at(distance)
    sine = math.copysign(math.sqrt(1 - cosine**2), distance)
    turned: Embedding = (cosine * embedding + sine * across / np.linalg.norm(across)).astype(np.float32)
    return turned


def look(index: int, distance: float, direction: int = 0) -> Embedding:
    """What a camera sees of person `index` at `distance` from the photo."""
    return shifted(person(index), distance, direction)


def gallery(people: Mapping[str, Embedding | Sequence[Embedding]], version: int = 1) -> Gallery:
    """A gallery of one photo, or several, for each name: symmetric faces, whose mirror image is the same."""
    photos = []
    for name, embeddings in people.items():
        several = [embeddings] if isinstance(embeddings, np.ndarray) else embeddings
        photos += [(name, embedding[None]) for embedding in several]
    return Gallery.build(DLIB, version, photos)


def box(left: int = 100, width: int = 100) -> Box:
    return Box(top=100, right=left + width, bottom=100 + width, left=left)


def face(embedding: Embedding | None, left: int = 100, width: int = 100) -> Face:
    return Face(box(left, width), embedding)


def analysis(*faces: Face) -> Analysis:
    """A frame of 640x480; give the largest face first."""
    return Analysis(640, 480, faces)
