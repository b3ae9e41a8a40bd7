"""The models of a worker, loaded from the weights that face_recognition ships.

`import face_recognition` itself would load three models nobody here uses (another 110 MB and 1.1 s for each
worker) and ends the process when something is missing, so only its weights are used.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.vision.analysis import ModelSettings
from server.vision.embedder import Embedder, load_embedder

if TYPE_CHECKING:
    from server.vision.proof import ProofModels

INSTALL_HINT = "install the server's dependencies: pip install '.[server]' (see README.md)"


@dataclass(frozen=True)
class Models:
    """dlib's HOG frontal face detector and 5-point landmark predictor, its ResNet embedding network, and what
    only liveness needs."""

    detector: Any
    landmarks: Any
    embedder: Embedder
    proof: "ProofModels"


def weights_folder() -> Path:
    """Where face_recognition_models keeps its weights. Raises RuntimeError when it is not installed."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"face_recognition_models is not installed; {INSTALL_HINT}")
    return Path(spec.origin).parent / "models"


def load_models(settings: ModelSettings) -> Models:
    """Load everything a worker needs (about half a second, one second with liveness). Raises RuntimeError
    with what to install, AntispoofError."""
    try:
        import dlib
    except ImportError as error:
        raise RuntimeError(f"dlib cannot be imported ({error}); {INSTALL_HINT}") from error
    from server.vision.proof import ProofModels

    folder = weights_folder()
    proof = ProofModels(settings.antispoof)
    if settings.liveness:
        proof.load()
    return Models(
        detector=dlib.get_frontal_face_detector(),
        landmarks=dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat")),
        embedder=load_embedder(folder / "dlib_face_recognition_resnet_model_v1.dat", settings.cache),
        proof=proof,
    )
