"""SFace's embedding network: converted for onnxruntime, or run by OpenCV, which takes twice as long."""

from pathlib import Path

import cv2
import numpy as np

from server.vision.embedders.converted import Network, Pictures, Source, Values, file_name, load_fastest
from server.vision.embedders.sface_network import SIDE, onnx_model

VALUES = 128
"""Of an embedding; each is of length 1."""
CACHE_FORMAT = 2
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""


class OpenCvEmbedder:
    """The reference. `weights`: the file's content. Raises cv2.error for what is no network."""

    def __init__(self, weights: bytes) -> None:
        nothing = np.empty(0, np.uint8)
        self._network = cv2.FaceRecognizerSF.create("onnx", np.frombuffer(weights, np.uint8), nothing)

    def __call__(self, pictures: Pictures) -> Values:
        rows = [self._network.feature(cv2.cvtColor(chip, cv2.COLOR_RGB2BGR))[0] for chip in pictures]
        embeddings: Values = np.array(rows, np.float32).reshape(len(pictures), VALUES)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        return embeddings


def load_embedder(weights: bytes, cache: Path) -> Network:
    """The faster network if it can be had and agrees with OpenCV, otherwise OpenCV: see `load_fastest`.

    It takes chips, uint8[n, 112, 112, 3], RGB, aligned as `alignment` does it, and gives embeddings,
    float32[n, 128], each of length 1. `weights`: the content of `weights.SFACE`. `cache`: a folder, made if
    missing. Raises what OpenCvEmbedder raises.
    """
    return load_fastest(source(weights), cache / file_name(weights, CACHE_FORMAT))


def source(weights: bytes) -> Source:
    """How the weights are run by OpenCV, and converted."""
    return Source(
        task="faces are embedded",
        name="OpenCV, which takes twice as long",
        side=SIDE,
        original=lambda: OpenCvEmbedder(weights),
        convert=lambda metadata: onnx_model(weights, metadata),
    )
