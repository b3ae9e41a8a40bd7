"""Whoever looks at pictures for the server: what it is asked, how it fails, and what it loads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from server.access.matching.recogniser import RecogniserName
from server.access.seen import Analysis, Hints, LandmarkModel, PhotoOutcome


@dataclass(frozen=True)
class ModelSettings:
    """What a worker loads.

    `cache`: folder for converted networks. `weights`: folder in which the administrator may have
    put weights. `recogniser`: which embedding network. `liveness`: load what only liveness needs at the
    start; otherwise it is loaded when it is first wanted. `landmarks`: what finds the points of a face.
    `antispoof`: an ONNX model that tells living faces from others, and the sha256 that its file must have.
    """

    cache: Path
    weights: Path
    recogniser: RecogniserName = "sface"
    liveness: bool = False
    landmarks: LandmarkModel = LandmarkModel.MESH
    antispoof: tuple[Path, str] | None = None


class AnalysisFailedError(Exception):
    """The picture ended two workers, kept one for too long or made it answer nonsense; it must not be tried
    again. The message, for whoever runs the server, says which."""


class Analyser(Protocol):
    """Looks at pictures beside the event loop, as many at a time as it has workers; the others wait."""

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        """Find the faces of one frame and embed those that need it.

        Raises PictureError: not a picture that is accepted; PictureTooLargeError; AnalysisFailedError.
        """

    async def analyse_beside(self, jpeg: bytes, hints: Hints) -> Analysis:
        """As `analyse`, of a terminal that has had its share: with what time the others leave."""

    async def analyse_photo(self, data: bytes) -> PhotoOutcome:
        """Judge and embed one enrolment photo (JPEG, PNG or WebP). Raises AnalysisFailedError."""
