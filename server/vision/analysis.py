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


class Scan(str, Enum):
    """Where to look for faces that are not followed."""

    NOWHERE = "nowhere"
    CHANGED = "changed"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Followed:
    """A face of an earlier frame, to be looked for near its place.

    `box`: where it was last. `patch`: how it looked there (`appearance.patch`). `reach`: how far around the
    box to search, in widths of the box. `lost`: the last frame did not show it; only an embedding can tell
    that it is back. `quality`: embed it when it is at least so good to see (`Face.quality`): 0 in any
    case, infinity only when it may have become another face. `stay`: it need not be detected again while it
    looks the same.
    """

    box: Box
    patch: bytes
    reach: float
    lost: bool
    quality: float
    stay: bool = False


@dataclass(frozen=True)
class Hints:
    """How to look at a frame.

    `min_face`: smallest face wanted, pixels of its box. `max_faces`: how many faces, largest first, may be
    embedded. `max_pixels`: largest frame that is decoded, in pixels. `followed`: faces of earlier frames.
    `scan`: where else to look; `rescan`: whether to look everywhere at once when a face gets lost. `scene`:
    what the terminal showed where it was last searched (`motion.signature`); None searches everywhere.
    `size`: width and height of the frame before, in pixels: a frame of another size is a new view.
    """

    min_face: int
    max_faces: int
    max_pixels: int
    followed: tuple[Followed, ...] = ()
    scan: Scan = Scan.EVERYWHERE
    rescan: bool = True
    scene: bytes | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Face:
    """One detected face.

    `embedding`: None when none was needed, or there were more faces than `max_faces`. `followed`: index in
    `Hints.followed` of the face that this one surely continues, or may continue when it has an embedding.
    `patch`: how it looks here. `quality`: how sharp and frontal it is, comparable within a track only.
    `detected`: False when it only looks as it did when it was detected; box and patch are then of that frame.
    """

    box: Box
    embedding: Embedding | None
    followed: int | None = None
    patch: bytes = b""
    quality: float = 0.0
    detected: bool = True


@dataclass(frozen=True)
class Analysis:
    """What one frame shows: its size in pixels and its faces, largest first.

    `scanned`: where faces were looked for beside the followed ones. `scene`: `Hints.scene`, brought up to
    date.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    scanned: Scan = Scan.EVERYWHERE
    scene: bytes | None = None


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
