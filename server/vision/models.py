"""The models of a worker, loaded from the weights that face_recognition ships.

`import face_recognition` itself would load three models nobody here uses (another 110 MB and 1.1 s for each
worker) and ends the process when something is missing, so only its weights are used.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.vision.embedders.converted import Embedder
from server.vision.embedders.resnet import load_embedder
from server.vision.liveness_models import LivenessModels
from server.vision.weights import INSTALL_HINT, weights_folder


@dataclass(frozen=True)
class Models:
    """dlib's HOG frontal face detector and 5-point landmark predictor, its ResNet embedding network, and what
    only liveness needs."""

    detector: Any
    landmarks: Any
    embedder: Embedder
    liveness: LivenessModels


def load_models(cache: Path, *, liveness: bool = False, antispoof: tuple[Path, str] | None = None) -> Models:
    """Load everything a worker needs: half a second, one second with `liveness`.

    `cache`: folder for the converted embedding network. `liveness`: load what only liveness needs now, and
    not when it is first wanted. `antispoof`: an ONNX file and the sha256 that it must have. Raises
    RuntimeError with what to install, AntispoofError.
    """
    try:
        import dlib
    except ImportError as error:
        raise RuntimeError(f"dlib cannot be imported ({error}); {INSTALL_HINT}") from error

    folder = weights_folder()
    liveness_models = LivenessModels(antispoof)
    if liveness:
        liveness_models.load()
    return Models(
        detector=dlib.get_frontal_face_detector(),
        landmarks=dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat")),
        embedder=load_embedder(folder / "dlib_face_recognition_resnet_model_v1.dat", cache),
        liveness=liveness_models,
    )
