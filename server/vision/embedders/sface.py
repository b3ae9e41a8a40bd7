"""SFace's embedding network: converted for onnxruntime, or run by OpenCV, which takes twice as long."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from server.vision.embedders.converted import Chips, Embedder, Embeddings, Source, load_fastest
from server.vision.embedders.sface_network import SIDE, onnx_model

VALUES = 128
"""Of an embedding; each is of length 1."""
CACHE_FORMAT = 1
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""


class OpenCvEmbedder:
    """The reference. `weights`: the file's content. Raises cv2.error for what is no network."""

    def __init__(self, weights: bytes) -> None:
        nothing = np.empty(0, np.uint8)
        self._network = cv2.FaceRecognizerSF.create("onnx", np.frombuffer(weights, np.uint8), nothing)

    def __call__(self, chips: Chips) -> Embeddings:
        rows = [self._network.feature(cv2.cvtColor(chip, cv2.COLOR_RGB2BGR))[0] for chip in chips]
        embeddings: Embeddings = np.array(rows, np.float32).reshape(len(chips), VALUES)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        return embeddings


def load_embedder(weights: bytes, cache: Path) -> Embedder:
    """The faster embedder if it can be had and agrees with OpenCV, otherwise OpenCV: see `load_fastest`.

    Chips: uint8[n, 112, 112, 3], RGB, aligned as `alignment` does it. Embeddings: float32[n, 128], each of
    length 1. `weights`: the content of `weights.SFACE`. `cache`: a folder, made if missing. Raises what
    OpenCvEmbedder raises.
    """
    digest = hashlib.sha256(weights).hexdigest()
    return load_fastest(source(weights), cache / f"{digest}.{CACHE_FORMAT}.onnx")


def source(weights: bytes) -> Source:
    """How the weights are run by OpenCV, and converted."""
    return Source(
        name="OpenCV, which takes twice as long",
        side=SIDE,
        original=lambda: OpenCvEmbedder(weights),
        convert=lambda metadata: onnx_model(weights, metadata),
    )
