"""The face detector YuNet: boxes, and five points that faces are aligned by."""

import math
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.boxes import overlap
from server.vision.embedders.converted import Network, Pictures, Source, Values, file_name, load_fastest
from server.vision.yunet_cells import PARTS, STRIDES, decoded, padded
from server.vision.yunet_network import onnx_model
from wire import Box

LEAST_SCORE = 0.6
"""OpenCV's own default is 0.9."""
CACHE_FORMAT = 1
"""Part of the cached file's name; change it when the converted model or the file's layout changes."""


class YunetFace(NamedTuple):
    """A detected face, in pixels of the picture. `points`: float64[5, 2], x before y, its right eye, its left
    eye, the tip of its nose, the right and the left corner of its mouth, "right" being the person's own.
    `score`: 0 to 1. `side`: the root of the area of its box, whose part outside of the picture is counted."""

    box: Box
    points: NDArray[np.float64]
    score: float
    side: float


class Yunet:
    """The network, and what makes faces of its values. Not to be shared between threads."""

    def __init__(self, network: Network) -> None:
        """`network`: gives `yunet_cells` for each picture."""
        self._network = network

    def detect(self, picture: NDArray[np.uint8], least_score: float = LEAST_SCORE) -> list[YunetFace]:
        """The faces of a picture, the best first, clipped to it: from about 10 pixels on. The work grows with
        the picture.

        `picture`: uint8[h, w, 3], RGB, or uint8[h, w], gray, in which small faces are not found so well.
        """
        height, width = picture.shape[:2]
        seen = padded(picture)
        (cells,) = self._network(seen[np.newaxis])
        rows = decoded(cells, (seen.shape[0], seen.shape[1]), least_score)
        faces = [_face(row, width, height) for row in rows]
        return [face for face in faces if face is not None]


class OpenCvYunet:
    """The reference. `weights`: the file's content. Raises cv2.error for what is no network."""

    def __init__(self, weights: bytes) -> None:
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
        self._outputs = [f"{part}_{stride}" for stride in STRIDES for part in PARTS]

    def __call__(self, pictures: Pictures) -> Values:
        self._net.setInput(cv2.dnn.blobFromImages(list(pictures), swapRB=True))
        found = [each.reshape(len(pictures), -1, each.shape[-1]) for each in self._net.forward(self._outputs)]
        return np.block([found[at : at + len(PARTS)] for at in range(0, len(found), len(PARTS))])


def load_yunet(weights: bytes, cache: Path) -> Yunet:
    """Run by onnxruntime if it can be had and agrees with OpenCV, otherwise by OpenCV: see `load_fastest`.

    `weights`: the content of `weights.YUNET`. `cache`: a folder, made if missing. Raises what OpenCvYunet
    raises.
    """
    return Yunet(load_fastest(source(weights), cache / file_name(weights, CACHE_FORMAT)))


def source(weights: bytes) -> Source:
    """How the weights are run by OpenCV, and converted."""
    return Source(
        task="faces are found",
        name="OpenCV, which takes twice as long",
        original=lambda: OpenCvYunet(weights),
        convert=lambda metadata: onnx_model(weights, metadata),
    )


def _face(row: NDArray[np.float32], width: int, height: int) -> YunetFace | None:
    """A row of 15 numbers: box, points, score. None for one that lies outside of the picture."""
    if not np.isfinite(row).all():
        return None
    left, top, wide, high = (float(value) for value in row[:4])
    box = Box(
        top=min(max(0, round(top)), height),
        right=min(max(0, round(left + wide)), width),
        bottom=min(max(0, round(top + high)), height),
        left=min(max(0, round(left)), width),
    )
    if box.width <= 0 or box.height <= 0:
        return None
    points = row[4:14].reshape(5, 2).astype(np.float64)
    return YunetFace(box, points, float(row[14]), math.sqrt(wide * high))


def best_at(faces: list[YunetFace], box: Box) -> YunetFace | None:
    """The face that overlaps most with `box`; None when none does."""
    overlapping = [face for face in faces if overlap(face.box, box) > 0]
    return max(overlapping, key=lambda face: overlap(face.box, box), default=None)
