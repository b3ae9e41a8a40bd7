"""Templates and scores: what several embeddings of one face say together, and how alike two such are."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Template: TypeAlias = NDArray[np.float32]
"""float32[128]: the mean of unit embeddings. Its norm, at most 1, tells how much they agree."""


def template(embeddings: NDArray[np.float32]) -> Template:
    """The template of one face's `embeddings`, float32[n, 128], n >= 1, of any norm but 0.

    For a person: all photos, each with its mirror image. For a probe: the chosen frames of one track.
    Raises ValueError for another shape, no rows, or a row that has no direction.
    """
    rows = np.asarray(embeddings, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 128 or len(rows) == 0:
        raise ValueError(f"embeddings are float32[n, 128], n >= 1, not {rows.shape}")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise ValueError("an embedding has no direction")
    mean: Template = (rows / norms).mean(axis=0).astype(np.float32)
    return mean


def scaled(reference: Template, exponent: float) -> Template:
    """`reference` over its norm to the power of `exponent`: the inner product of two such is their score.

    `exponent`: 1 gives plain cosine. With 1/2 one threshold of dlib's embeddings accepts about as many
    strangers whatever the number of photos and frames; docs/accuracy/ has the measurement.
    """
    norm = float(np.linalg.norm(reference))
    if not norm > 0:
        raise ValueError("a template has no direction")
    shorter: Template = (reference / norm**exponent).astype(np.float32)
    return shorter


def score(reference: Template, probe: Template, exponent: float) -> float:
    """How alike two templates are: g.p / (|g| |p|)**exponent, from -1 to 1."""
    return float(scaled(reference, exponent) @ scaled(probe, exponent))


def distance(score: float) -> float:
    """A score as a distance, 0 (the same) to 2: sqrt(2 - 2 score). For one photo and one frame that is the
    Euclidean distance between the embeddings brought to length 1."""
    return math.sqrt(max(0.0, 2.0 - 2.0 * score))


def score_at(distance: float) -> float:
    """The inverse of `distance`."""
    return 1.0 - distance**2 / 2.0
