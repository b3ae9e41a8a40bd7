"""What a worker can have seen in a picture, told from what only one that was taken over would answer. Pure.

Whatever goes on from here to doors, the gallery and the disk is of these sizes, and every number one that can
be reckoned with.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from server.access.matching.recogniser import EMBEDDING_SIZE
from server.access.seen import (
    TEXTURE_SIDE,
    Analysis,
    Face,
    Flaw,
    Landmarks,
    PhotoAccepted,
    PhotoFlaw,
    PhotoRefused,
    Pose,
    PreparedPhoto,
    Scan,
    Still,
)
from wire import MAX_FACES, Box

MOST_PIXELS = 1 << 20
"""Of a side, and how far outside a picture a box may lie: no picture that is decoded comes near."""
MOST_BYTES = 64 << 20
"""Of a picture, or of how a scene looks."""
MOST_PATCH_BYTES = 4096
POINTS = 68


def check(record: object) -> None:
    """`record`: of one of the classes that workers answer. Raises ValueError."""
    if not RECORDS[type(record)](record):
        raise ValueError(f"no worker sees such a {type(record).__name__}")


def _box(box: Box) -> bool:
    return all(type(each) is int and abs(each) <= MOST_PIXELS for each in box)


def _pose(pose: Pose) -> bool:
    return all(map(_number, pose))


def _landmarks(found: Landmarks) -> bool:
    return (
        _array(found.points, (POINTS, 2))
        and isinstance(found.pose, Pose)
        and _number_or_none(found.presence)
        and isinstance(found.texture, bytes)
        and len(found.texture) in (0, TEXTURE_SIDE**2)
        and _number_or_none(found.antispoof)
    )


def _face(face: Face) -> bool:
    return (
        isinstance(face.box, Box)
        and (face.embedding is None or _embedding(face.embedding))
        and (face.followed is None or _whole(face.followed, MAX_FACES))
        and _bytes(face.patch, MOST_PATCH_BYTES)
        and _number(face.quality)
        and isinstance(face.detected, bool)
        and (face.mirrored is None or _embedding(face.mirrored))
        and isinstance(face.flaw, Flaw | None)
        and isinstance(face.landmarks, Landmarks | None)
    )


def _analysis(analysis: Analysis) -> bool:
    return (
        _seen(analysis)
        and isinstance(analysis.scanned, Scan)
        and (analysis.scene is None or _bytes(analysis.scene, MOST_BYTES))
    )


def _still(still: Still) -> bool:
    return _seen(still) and (still.preview is None or _bytes(still.preview, MOST_BYTES))


def _seen(seen: Analysis | Still) -> bool:
    sizes = _whole(seen.width, MOST_PIXELS) and _whole(seen.height, MOST_PIXELS)
    faces = seen.faces
    few = isinstance(faces, tuple) and len(faces) <= MAX_FACES
    return sizes and few and all(isinstance(each, Face) for each in faces)


def _accepted(photo: PhotoAccepted) -> bool:
    looks = _embedding(photo.embedding) and _embedding(photo.mirrored)
    return looks and _whole(photo.face_pixels, MOST_PIXELS) and _number(photo.sharpness)


def _refused(photo: PhotoRefused) -> bool:
    return isinstance(photo.flaw, PhotoFlaw) and isinstance(photo.detail, str)


def _prepared(photo: PreparedPhoto) -> bool:
    return (
        _bytes(photo.jpeg, MOST_BYTES)
        and isinstance(photo.outcome, PhotoAccepted | PhotoRefused)
        and isinstance(photo.box, Box | None)
        and _bytes(photo.thumbnail, MOST_BYTES)
    )


def _embedding(value: Any) -> bool:
    return _array(value, (EMBEDDING_SIZE,)) and bool(np.any(value))


def _array(value: Any, shape: tuple[int, ...]) -> bool:
    fits = isinstance(value, np.ndarray) and value.shape == shape
    return fits and bool(np.isfinite(value).all()) and float(np.abs(value).max()) < 1e6


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e12


def _number_or_none(value: Any) -> bool:
    return value is None or _number(value)


def _whole(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _bytes(value: Any, most: int) -> bool:
    return isinstance(value, bytes) and len(value) <= most


RECORDS: dict[type, Callable[[Any], bool]] = {
    Analysis: _analysis,
    Box: _box,
    Face: _face,
    Landmarks: _landmarks,
    PhotoAccepted: _accepted,
    PhotoRefused: _refused,
    Pose: _pose,
    PreparedPhoto: _prepared,
    Still: _still,
}
"""The classes of which answers are made, and what makes each sound."""
