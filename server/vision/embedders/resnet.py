"""dlib's embedding network: converted for onnxruntime, or by dlib itself, which is imported only for that."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from server.access.matching.recogniser import EMBEDDING_SIZE
from server.vision.embedders.converted import Chips, Embedder, Embeddings, Source, load_fastest
from server.vision.embedders.dlib_weights import parse_network
from server.vision.embedders.onnx_network import onnx_model

SIDE = 150
"""Of a chip, in pixels; aligned as `faces.align` does it."""
CACHE_FORMAT = 1
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""


class DlibEmbedder:
    """The reference. Its embeddings are nearly of length 1. Raises ImportError without dlib, RuntimeError for
    unreadable weights."""

    def __init__(self, weights: Path) -> None:
        import dlib

        self._network = dlib.face_recognition_model_v1(str(weights))

    def __call__(self, chips: Chips) -> Embeddings:
        vectors = [self._network.compute_face_descriptor(chip) for chip in chips]
        return np.array(vectors, dtype=np.float32).reshape(len(chips), EMBEDDING_SIZE)


def load_embedder(weights: Path, cache: Path) -> Embedder:
    """The faster embedder if it can be had and agrees with dlib, otherwise dlib: see `load_fastest`.

    `cache`: a folder, made if missing. Raises OSError when the weights cannot be read, and what DlibEmbedder
    raises.
    """
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    return load_fastest(source(weights), cache / f"{digest}.{CACHE_FORMAT}.onnx")


def source(weights: Path) -> Source:
    """How the file of weights is run by dlib, and converted."""

    def convert(metadata: Mapping[str, str]) -> bytes:
        return onnx_model(parse_network(weights.read_bytes()), metadata)

    return Source(name="dlib", side=SIDE, original=lambda: DlibEmbedder(weights), convert=convert)
