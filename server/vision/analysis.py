"""What goes into a worker and what comes out of it: plain values that pickle without dlib."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wire import Box

Embedding: TypeAlias = NDArray[np.float32]
"""One face as dlib's ResNet sees it: float32[128], compared by Euclidean distance."""
EMBEDDING_SIZE = 128
Picture: TypeAlias = NDArray[np.uint8]
"""uint8[height, width, 3], RGB."""

PIPELINE = "dlib-resnet-v1/5pt/photo-1"
"""Names everything that the outcome of an enrolment photo depends on; change it with any of them."""


@dataclass(frozen=True)
class Hints:
    """How to look at a frame.

    `min_face`: smallest face wanted, pixels of its box. `max_faces`: how many faces, largest first, are
    embedded. `max_pixels`: largest frame that is decoded, in pixels.
    """

    min_face: int
    max_faces: int
    max_pixels: int


@dataclass(frozen=True)
class Face:
    """One detected face; `embedding` is None when there were more faces than `max_faces`."""

    box: Box
    embedding: Embedding | None


@dataclass(frozen=True)
class Analysis:
    """What one frame shows: its size in pixels and its faces, largest first."""

    width: int
    height: int
    faces: tuple[Face, ...]


class PictureError(Exception):
    """The bytes are not a picture we accept. The message is fit for whoever sent them."""


class PictureTooLargeError(PictureError):
    """The picture has more pixels than allowed; nothing was decoded."""


class PhotoFlaw(str, Enum):
    """Why an enrolment photo is refused."""

    NOT_A_PHOTO = "not_a_photo"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    TOO_BLURRED = "too_blurred"


@dataclass(frozen=True)
class PhotoAccepted:
    """The one face of a photo. `face_pixels`: width of its box in the photo; `sharpness`: see `photo.py`."""

    embedding: Embedding
    face_pixels: int
    sharpness: float


@dataclass(frozen=True)
class PhotoRefused:
    """Why a photo cannot enrol anybody; `detail` is a sentence for the person who took it."""

    flaw: PhotoFlaw
    detail: str


PhotoOutcome: TypeAlias = PhotoAccepted | PhotoRefused
