"""What goes into a worker and what comes out of it: plain values that pickle without dlib."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Embedding
from wire import Box


class Flaw(str, Enum):
    """Why a face in a frame is not good enough to be compared."""

    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TOO_BLURRED = "too_blurred"
    LOOKING_AWAY = "looking_away"


class Pose(NamedTuple):
    """Where a head is turned, in degrees: `yaw` positive to the person's own left, `pitch` positive upwards,
    `roll` positive towards the person's own left shoulder."""

    yaw: float
    pitch: float
    roll: float


TEXTURE_SIDE = 64
"""Of `Landmarks.texture`, cells."""


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The 68 points of a face (dlib's order, iBUG 300-W), float32[68, 2] in pixels of the frame, x before y,
    whichever model found them, and its pose.

    `presence`: how surely there is a face, as log odds, by a model that tells. `texture`: the bytes of
    uint8[64, 64], the inner face in gray, brought to one place and size by its points
    (`server.vision.texture`); empty where nothing is known of it. `antispoof`: probability that the face is
    real, by the model that was plugged in; None without one.
    """

    points: NDArray[np.float32]
    pose: Pose
    presence: float | None = None
    texture: bytes = b""
    antispoof: float | None = None


class LandmarkModel(str, Enum):
    """What finds the points of a face."""

    MESH = "mesh"
    DLIB68 = "dlib68"


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
    looks the same. `mirrored`: when it is embedded, so is its mirror image. `landmarks`: find its points.
    """

    box: Box
    patch: bytes
    reach: float
    lost: bool
    quality: float
    stay: bool = False
    mirrored: bool = False
    landmarks: bool = False


@dataclass(frozen=True)
class Hints:
    """How to look at a frame.

    `min_face`: smallest face wanted, pixels of its box. `max_faces`: how many faces, largest first, may be
    embedded. `max_pixels`: largest frame that is decoded, in pixels. `followed`: faces of earlier frames.
    `scan`: where else to look; `rescan`: whether to look everywhere at once when a face gets lost. `scene`:
    what the terminal showed where it was last searched (`motion.signature`); None searches everywhere.
    `size`: width and height of the frame before, in pixels: a frame of another size is a new view.
    `mirrored`: embed newcomers with their mirror images.
    """

    min_face: int
    max_faces: int
    max_pixels: int
    followed: tuple[Followed, ...] = ()
    scan: Scan = Scan.EVERYWHERE
    rescan: bool = True
    scene: bytes | None = None
    size: tuple[int, int] | None = None
    mirrored: bool = True


CELLS_PER_FACE = 6
"""Cells of a scene across the smallest wanted face: fine enough that it changes several of them."""


def grid_shape(width: int, height: int, min_face: int) -> tuple[int, int]:
    """Rows and columns of the scene of a frame of `width` x `height` pixels."""
    cell = max(1, min_face // CELLS_PER_FACE)
    return max(1, round(height / cell)), max(1, round(width / cell))


@dataclass(frozen=True)
class Face:
    """One detected face.

    `embedding`: None when none was needed, or there were more faces than `max_faces`. `followed`: index in
    `Hints.followed` of the face that this one surely continues, or may continue when it has an embedding.
    `patch`: how it looks here. `quality`: how sharp and frontal it is, comparable within a track only.
    `detected`: False when it only looks as it did when it was detected; box and patch are then of that frame.
    `mirrored`: the embedding of the face's mirror image. `flaw`: why its embedding is not to be compared with
    the gallery, though it tells whether this is still the same face. `landmarks`: where they were wanted.
    """

    box: Box
    embedding: Embedding | None
    followed: int | None = None
    patch: bytes = b""
    quality: float = 0.0
    detected: bool = True
    mirrored: Embedding | None = None
    flaw: Flaw | None = None
    landmarks: Landmarks | None = None


@dataclass(frozen=True)
class Analysis:
    """What one frame shows: its size in pixels and its faces, largest first.

    `scanned`: where faces were looked for beside the followed ones. `scene`: `Hints.scene`, brought up to
    date: uint8 cells of `grid_shape`, row by row.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    scanned: Scan = Scan.EVERYWHERE
    scene: bytes | None = None


@dataclass(frozen=True)
class Still:
    """What a still picture shows: its size in pixels, upright, and its faces, largest first, in its own
    pixels. `preview`: itself as a smaller JPEG, where that was wanted."""

    width: int
    height: int
    faces: tuple[Face, ...]
    preview: bytes | None = None


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
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    UNEVEN_LIGHT = "uneven_light"


@dataclass(frozen=True)
class PhotoAccepted:
    """The one face of a photo. `mirrored`: the embedding of its mirror image. `face_pixels`: width of its
    box in the photo; `sharpness`: see `photo.py`."""

    embedding: Embedding
    mirrored: Embedding
    face_pixels: int
    sharpness: float


@dataclass(frozen=True)
class PhotoRefused:
    """Why a photo cannot enrol anybody; `detail` is a sentence for the person who took it."""

    flaw: PhotoFlaw
    detail: str


PhotoOutcome: TypeAlias = PhotoAccepted | PhotoRefused


@dataclass(frozen=True)
class PreparedPhoto:
    """An uploaded photo, made fit for the gallery. `jpeg`: what is to be stored. `outcome`: what the gallery
    will find in it. `box`: the largest face, in its pixels; None without any. `thumbnail`: that face, or the
    middle of the picture, as a square JPEG."""

    jpeg: bytes
    outcome: PhotoOutcome
    box: Box | None
    thumbnail: bytes
