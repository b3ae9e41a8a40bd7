"""dlib's embedding network: converted for onnxruntime, or by dlib itself, which is imported only for that."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from server.access.matching.recogniser import EMBEDDING_SIZE
from server.vision.embedders.converted import Network, Pictures, Source, Values, file_name, load_fastest
from server.vision.embedders.dlib_weights import parse_network
from server.vision.embedders.onnx_network import onnx_model

SIDE = 150
"""Of a chip, in pixels; aligned as `faces.align` does it."""
CACHE_FORMAT = 2
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""


class DlibEmbedder:
    """The reference. Its embeddings are nearly of length 1. Raises ImportError without dlib, RuntimeError for
    unreadable weights."""

    def __init__(self, weights: Path) -> None:
        import dlib

        self._network = dlib.face_recognition_model_v1(str(weights))

    def __call__(self, pictures: Pictures) -> Values:
        vectors = [self._network.compute_face_descriptor(chip) for chip in pictures]
        return np.array(vectors, dtype=np.float32).reshape(len(pictures), EMBEDDING_SIZE)


def load_embedder(weights: Path, cache: Path) -> Network:
    """The faster network if it can be had and agrees with dlib, otherwise dlib: see `load_fastest`.

    `cache`: a folder, made if missing. Raises OSError when the weights cannot be read, and what DlibEmbedder
    raises.
    """
    return load_fastest(source(weights), cache / file_name(weights.read_bytes(), CACHE_FORMAT))


def source(weights: Path) -> Source:
    """How the file of weights is run by dlib, and converted."""

    def convert(metadata: Mapping[str, str]) -> bytes:
        return onnx_model(parse_network(weights.read_bytes()), metadata)

    return Source(
        task="faces are embedded",
        name="dlib",
        side=SIDE,
        original=lambda: DlibEmbedder(weights),
        convert=convert,
    )
