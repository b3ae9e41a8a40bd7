"""The embedding network: onnxruntime where it demonstrably gives what dlib gives, otherwise dlib itself.

docs/adr/0007-onnxruntime.md tells why. dlib, onnx and onnxruntime are imported only when they are needed.
"""

import hashlib
import logging
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import EMBEDDING_SIZE, Embedding
from server.support.private_files import replace_private
from server.vision.embedders.dlib_weights import Network, parse_network
from server.vision.embedders.onnx_network import INPUT, OUTPUT, onnx_model
from server.vision.embedders.onnx_session import load_onnxruntime, open_session

log = logging.getLogger(__name__)

Chips: TypeAlias = NDArray[np.uint8]
"""uint8[n, 150, 150, 3], RGB: n faces, each aligned as `faces.align` does it; n may be 0."""
Embeddings: TypeAlias = NDArray[np.float32]
"""float32[n, 128], one row for each chip."""

TOLERANCE = 1e-5
"""Largest difference from dlib in any of the 128 values: about 20 times what rounding makes of it."""
CACHE_FORMAT = 1
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""
_REFERENCE = "doorward.reference"
_SEAL_START = b"\xc2\x3e\x20"
"""Of a protobuf field with number 1000 and 32 bytes: unknown to readers of ONNX, so they skip it."""
_SEAL_BYTES = len(_SEAL_START) + hashlib.sha256().digest_size


class Embedder(Protocol):
    """Turns faces into embeddings. Not to be shared between threads."""

    def __call__(self, chips: Chips) -> Embeddings:
        """Embed these chips; the work grows with their number."""
        ...


class SelfCheckError(Exception):
    """The converted network does not give what dlib gives."""


class DlibEmbedder:
    """The reference. Raises ImportError without dlib, RuntimeError for unreadable weights."""

    def __init__(self, weights: Path) -> None:
        import dlib

        self._network = dlib.face_recognition_model_v1(str(weights))

    def __call__(self, chips: Chips) -> Embeddings:
        vectors = [self._network.compute_face_descriptor(chip) for chip in chips]
        return np.array(vectors, dtype=np.float32).reshape(len(chips), EMBEDDING_SIZE)


class OnnxEmbedder:
    """A converted network on one thread of onnxruntime, checked against dlib's embedding of `probe()`.

    `model`: its bytes, which stay in memory, or their file. Raises ImportError without onnxruntime,
    SelfCheckError, and onnxruntime's own errors for a bad model.
    """

    def __init__(self, model: bytes | Path) -> None:
        self._session = open_session(model)
        reference = self._session.get_modelmeta().custom_metadata_map[_REFERENCE]
        self._check(np.frombuffer(bytes.fromhex(reference), dtype="<f4"))

    def __call__(self, chips: Chips) -> Embeddings:
        if len(chips) == 0:
            return np.empty((0, EMBEDDING_SIZE), dtype=np.float32)
        embeddings: Embeddings
        (embeddings,) = self._session.run([OUTPUT], {INPUT: chips})
        return embeddings

    def _check(self, reference: Embedding) -> None:
        found = self(probe()[np.newaxis])
        if found.shape != (1, EMBEDDING_SIZE) or reference.shape != (EMBEDDING_SIZE,):
            raise SelfCheckError(f"embeddings of shape {found.shape} and {reference.shape}")
        difference = float(np.abs(found[0] - reference).max())
        if not difference <= TOLERANCE:
            raise SelfCheckError(f"a difference of {difference:.1e}; at most {TOLERANCE:.0e} is accepted")


def load_embedder(weights: Path, cache: Path) -> Embedder:
    """The faster embedder if it can be had and agrees with dlib, otherwise dlib; the log says why.

    The converted network is kept in the folder `cache`, which is made if missing, with dlib's embedding of
    the probe, so that dlib's network is loaded only for a conversion. Whoever can write to that folder can
    choose who is recognised: it needs the same protection as the program. Several processes may share it.
    Raises OSError when the weights cannot be read, and what DlibEmbedder raises.
    """
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    path = cache / f"{digest}.{CACHE_FORMAT}.onnx"
    try:
        load_onnxruntime()
        return OnnxEmbedder(path) if _intact(path) else _converted(weights, path)
    except ImportError as error:
        log.info("faces are embedded by dlib, as the faster onnxruntime cannot be used: %s", error)
    except SelfCheckError as error:
        log.error("faces are embedded by dlib, as onnxruntime does not agree with it: %s", error)
    except Exception:
        log.exception("faces are embedded by dlib, as onnxruntime fails")
    return DlibEmbedder(weights)


def checkable_model(network: Network, reference: Embedding) -> bytes:
    """The ONNX model of `network`, which carries `reference`, dlib's embedding of the probe."""
    return onnx_model(network, {_REFERENCE: reference.astype("<f4").tobytes().hex()})


def probe() -> NDArray[np.uint8]:
    """The chip of the self-check, uint8[150, 150, 3]: coarse and fine texture, the same on every machine.

    Its pixels are means of hashes of their places, on grids of 1, 3, 9 and 27 pixels.
    """
    row, column, channel = (np.arange(n, dtype=np.uint32) for n in (150, 150, 3))
    total = np.zeros((150, 150, 3), dtype=np.uint32)
    for grid in np.array([1, 3, 9, 27], dtype=np.uint32):
        rows, columns = (row // grid)[:, None, None], (column // grid)[None, :, None]
        mixed = rows * np.uint32(73856093) ^ columns * np.uint32(19349663)
        mixed = mixed ^ (channel + grid) * np.uint32(83492791)
        mixed = (mixed ^ mixed >> 13) * np.uint32(1540483477)
        total += (mixed ^ mixed >> 15) & 255
    return (total // 4).astype(np.uint8)


def _converted(weights: Path, path: Path) -> OnnxEmbedder:
    """Convert the weights, and keep what passed the self-check."""
    reference = DlibEmbedder(weights)(probe()[np.newaxis])
    model = checkable_model(parse_network(weights.read_bytes()), reference[0])
    embedder = OnnxEmbedder(model)
    _store(path, model)
    return embedder


def _seal(model: bytes | memoryview) -> bytes:
    return _SEAL_START + hashlib.sha256(model).digest()


def _intact(path: Path) -> bool:
    """Whether there is such a file, and it is as `_store` wrote it."""
    if not path.is_file():  # nothing yet, or what could not be read to its end
        return False
    try:
        content = path.read_bytes()
    except OSError as error:
        log.warning("%s cannot be read (%s): converting the weights anew", path, error)
        return False
    if content[-_SEAL_BYTES:] != _seal(memoryview(content)[:-_SEAL_BYTES]):
        log.warning("%s is damaged: converting the weights anew", path)
        return False
    return True


def _store(path: Path, model: bytes) -> None:
    """Write a sealed file, whole or not at all; of several writers the last one wins."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_private(path, model + _seal(model))
    except OSError as error:
        log.warning("%s cannot be written (%s): every start converts the weights anew", path, error)
