"""How one network sees a face: aligned, judged by its quality, and embedded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Embedding
from server.vision.embedders.converted import Network
from server.vision.picture import Picture
from server.vision.quality import Limits
from wire import Box


@dataclass(frozen=True, eq=False)
class Aligned:
    """One face as the embedding network sees it: `chip`, uint8[side, side, 3], turned upright and scaled.

    `sidewards`: how far the nose stands beside the middle of the eyes, along the line between them, in its
    lengths (`quality.sidewards`).
    """

    chip: Picture
    sidewards: float


class Recognition(Protocol):
    """One network with its alignment. `limits`: what a face must be like for it. `embedder`: gives an
    embedding for each chip. Not to be shared between threads."""

    limits: Limits
    embedder: Network

    def align(self, picture: Picture, box: Box, points: NDArray[np.float64] | None = None) -> Aligned | None:
        """The face in `box` (pixels of the picture, RGB); None where none can be made out. `points`: those of
        `YunetFace`, where they are known."""
        ...


def embed(
    recognition: Recognition, faces: Sequence[Aligned], mirrored: Sequence[bool]
) -> list[tuple[Embedding, Embedding | None]]:
    """For each face its embedding, and where `mirrored` says so that of its mirror image; no jitter."""
    chips = [face.chip for face in faces]
    chips += [face.chip[:, ::-1] for face, wanted in zip(faces, mirrored, strict=True) if wanted]
    if not chips:
        return []
    rows: NDArray[np.float32] = recognition.embedder(np.stack(chips))
    images = iter(rows[len(faces) :])
    return [(row, next(images) if wanted else None) for row, wanted in zip(rows, mirrored, strict=False)]
