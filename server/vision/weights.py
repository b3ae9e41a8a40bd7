"""Where the weights of the models lie."""

import importlib.util
from pathlib import Path

INSTALL_HINT = "install the server's dependencies: pip install '.[server]' (see README.md)"


def weights_folder() -> Path:
    """Where face_recognition_models keeps its weights. Raises RuntimeError when it is not installed."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"face_recognition_models is not installed; {INSTALL_HINT}")
    return Path(spec.origin).parent / "models"
