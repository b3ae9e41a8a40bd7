"""What to measure against: the two usual loops over face_recognition, as its examples write them."""

import importlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.speed.measures import Faces, Reported
from wire import Box

Known: TypeAlias = Mapping[str, NDArray[np.float64]]
"""Whose face looks how: float64[128] for each name."""
SHRINK = 4
"""The quick variant looks at pictures of a quarter of the width and height."""


def face_recognition() -> Any:
    """The library. It loads its models when it is imported, and pkg_resources complains about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("face_recognition")


def known_people(photos: Mapping[str, Path]) -> Known:
    """The encoding of the one person on each photo."""
    library = face_recognition()
    return {name: library.face_encodings(library.load_image_file(path))[0] for name, path in photos.items()}


class PlainLoop:
    """Every frame at its full size: decode, locate, encode, compare."""

    def __init__(self, known: Known) -> None:
        self._library = face_recognition()
        self._names = list(known)
        self._encodings = list(known.values())

    def look(self, jpeg: bytes) -> Faces:
        return self.faces(decoded(jpeg), 1)

    def faces(self, picture: NDArray[np.uint8], shrunk: int) -> Faces:
        """The faces of an RGB picture; their boxes are in pixels of one `shrunk` times as wide and high."""
        boxes = self._library.face_locations(picture)
        encodings = self._library.face_encodings(picture, boxes)
        return tuple(
            Reported(Box(*(side * shrunk for side in box)), self._name(encoding))
            for box, encoding in zip(boxes, encodings, strict=True)
        )

    def _name(self, encoding: NDArray[np.float64]) -> str | None:
        """The nearest person, if within the library's own tolerance."""
        matching = self._library.compare_faces(self._encodings, encoding)
        nearest = int(np.argmin(self._library.face_distance(self._encodings, encoding)))
        return self._names[nearest] if matching[nearest] else None


class QuarterLoop:
    """facerec_from_webcam_faster: a quarter of the size. It looks at every other frame."""

    def __init__(self, plain: PlainLoop) -> None:
        self._plain = plain

    def look(self, jpeg: bytes) -> Faces:
        small: Any = cv2.resize(decoded(jpeg), (0, 0), fx=1 / SHRINK, fy=1 / SHRINK)
        return self._plain.faces(small, SHRINK)


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """A JPEG as uint8 (h, w, 3) RGB."""
    picture: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    pixels: NDArray[np.uint8] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return pixels


_loop: PlainLoop


def start_helper(known: Known) -> None:
    """Prepare a process that computes the reference."""
    global _loop
    cv2.setNumThreads(1)
    _loop = PlainLoop(known)


def look(jpeg: bytes) -> Faces:
    """What the plain loop finds in a frame; in a process prepared by `start_helper`."""
    return _loop.look(jpeg)
