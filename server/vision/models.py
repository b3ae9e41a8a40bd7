"""The models of a worker.

`import face_recognition` itself would load three models nobody here uses (another 110 MB and 1.1 s for each
worker) and ends the process when something is missing, so only its weights are used.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.access.matching.recogniser import RecogniserName
from server.access.seen import LandmarkModel
from server.vision.detection import Detector
from server.vision.detectors import load_detector
from server.vision.liveness_models import LivenessModels
from server.vision.recognition import Recognition
from server.vision.yunet import Yunet, load_yunet
from server.weights import INSTALL_HINT, YUNET, read_weights


@dataclass(frozen=True)
class Models:
    """The face detector, the network that tells who a face is, and what only liveness needs."""

    detector: Detector
    recognition: Recognition
    liveness: LivenessModels


def load_models(
    cache: Path,
    *,
    weights: Path = Path("models"),
    recogniser: RecogniserName = "sface",
    liveness: bool = False,
    landmarks: LandmarkModel = LandmarkModel.MESH,
    antispoof: tuple[Path, str] | None = None,
) -> Models:
    """Load everything a worker needs: half a second, one second with `liveness`.

    `cache`: folder for converted networks. `weights`: folder in which weights may lie.
    `recogniser`: which embedding network. `liveness`: load what only liveness needs now, and not when it is
    first wanted. `landmarks`: what finds the points of a face. `antispoof`: an ONNX file and the sha256 that
    it must have. Raises RuntimeError with what to install, WeightsError, AntispoofError.
    """
    try:
        import dlib  # noqa: F401
    except ImportError as error:
        raise RuntimeError(f"dlib cannot be imported ({error}); {INSTALL_HINT}") from error

    liveness_models = LivenessModels(landmarks, weights, antispoof)
    if liveness:
        liveness_models.load()
    yunet = functools.cache(lambda: load_yunet(read_weights(YUNET, weights), cache))
    return Models(
        detector=load_detector(yunet),
        recognition=_recognition(recogniser, weights, cache, yunet),
        liveness=liveness_models,
    )


def _recognition(
    recogniser: RecogniserName, weights: Path, cache: Path, yunet: Callable[[], Yunet]
) -> Recognition:
    if recogniser == "dlib":
        from server.vision.dlib_recognition import DlibRecognition

        return DlibRecognition(cache)
    from server.vision.sface_recognition import SfaceRecognition

    return SfaceRecognition(weights, cache, yunet())
