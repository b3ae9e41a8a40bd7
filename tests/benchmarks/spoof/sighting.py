"""What the server sees of a stream: its faces are followed and their landmarks found as the door has it done.

Everything seen is kept in `.cache`, so that other thresholds can be tried on it at once.
"""

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

import server.vision
from server.access.matching.recogniser import SFACE, Embedding
from server.access.seen import Face, Followed, Hints, Landmarks, Scan
from server.vision.frame import analyse_frame
from server.vision.models import Models, load_models
from server.vision.picture import JpegFrame
from server.vision.yunet import Yunet, best_at, load_yunet
from server.weights import YUNET, read_weights
from tests.benchmarks.spoof.motion import Asked
from tests.support.photos import MODEL_CACHE
from wire import Box

CACHE = MODEL_CACHE.parent / "spoof"
RATE = 10.0
"""Sightings per second."""
REACH, SPEED, MAX_REACH, LOST_SECONDS = 0.25, 1.5, 0.8, 1.5
"""As `server.access.attention` and `server.access.tracks` have it."""
MIN_FACE = 40
MAX_PIXELS = 10_000_000
MADE_BY = (
    *(
        Path(__file__).with_name(f"{name}.py")
        for name in ("sighting", "species", "scene", "geometry", "motion")
    ),
    *(
        Path(__file__).with_name(f"{name}.py")
        for name in ("sensor", "portrait", "animation", "holding", "relief", "head", "real")
    ),
    *(
        Path(server.vision.__path__[0]) / name
        for name in ("landmarks.py", "mesh.py", "texture.py", "detection.py", "following.py")
    ),
)
"""What a sighting depends on: when one of these files changes, what was kept is of no use."""


class Stream(Protocol):
    """What a terminal sends: an attack, or a real person."""

    def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes | None:
        """The frame of time `at`; None when it is over."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """The face in one frame. `since`: when the track began that it surely belongs to. `embedding`: the newest
    of that track. `patch`: how it looked; `scene`: what the whole picture was like."""

    at: float
    since: float
    box: Box
    patch: bytes
    scene: bytes | None
    embedding: Embedding | None
    landmarks: Landmarks | None


@lru_cache
def models() -> Models:
    return load_models(MODEL_CACHE, liveness=True)


class Watcher:
    """Watches streams. `key` names one: the same key, the same frames."""

    def __init__(self, stream: Stream, key: str) -> None:
        self._stream = stream
        self._file = CACHE / f"{hashlib.sha256((key + _made_by()).encode()).hexdigest()[:32]}.pickle"
        self._kept: dict[tuple[int, tuple[Asked, ...]], tuple[Sighting | None, bool]] = {}
        self._new = False
        if self._file.exists():
            self._kept = pickle.loads(self._file.read_bytes())

    def over(self, index: int, before: Sighting | None, asked: tuple[Asked, ...]) -> bool:
        """Whether the stream has no frame `index`."""
        return self._look(index, before, asked)[1]

    def see(self, index: int, before: Sighting | None, asked: tuple[Asked, ...]) -> Sighting | None:
        """The face in frame `index`, of `RATE` per second; None without one. `before`: the last sighting.
        `asked`: everything that was asked so far."""
        return self._look(index, before, asked)[0]

    def _look(
        self, index: int, before: Sighting | None, asked: tuple[Asked, ...]
    ) -> tuple[Sighting | None, bool]:
        key = index, asked
        if key not in self._kept:
            self._new = True
            jpeg = self._stream.jpeg(index / RATE, asked)
            self._kept[key] = (None, True) if jpeg is None else (sight(jpeg, index / RATE, before), False)
        return self._kept[key]

    def keep(self) -> None:
        """Write down what is new."""
        if self._new:
            CACHE.mkdir(parents=True, exist_ok=True)
            self._file.write_bytes(pickle.dumps(self._kept))


@lru_cache
def _made_by() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in MADE_BY if path.exists())).hexdigest()


def sight(jpeg: bytes, at: float, before: Sighting | None) -> Sighting | None:
    """The face that continues the one seen before, else the largest."""
    if before is not None and at - before.at > LOST_SECONDS:
        before = None
    hints = Hints(MIN_FACE, 1, MAX_PIXELS) if before is None else _hints(before, at)
    analysis = analyse_frame(models(), jpeg, hints)
    if not analysis.faces:
        return None if before is None else _turned_away(jpeg, at, before)
    face = next((face for face in analysis.faces if face.followed == 0), analysis.faces[0])
    since, embedding = at, face.embedding
    if before is not None and face.followed == 0 and _fits(face, before):
        since = before.since
        embedding = before.embedding if embedding is None else embedding
    return Sighting(at, since, face.box, face.patch, analysis.scene, embedding, face.landmarks)


@lru_cache
def _yunet() -> Yunet:
    return load_yunet(read_weights(YUNET, Path("models")), MODEL_CACHE)


def _turned_away(jpeg: bytes, at: float, before: Sighting) -> Sighting | None:
    """A face that the frontal detector does not find any more, near where it was."""
    frame = JpegFrame(jpeg, MAX_PIXELS)
    face = best_at(_yunet().detect(frame.rgb()), before.box)
    if face is None:
        return None
    middle, side = face.points.mean(axis=0), max(before.box.width, before.box.height)
    left, top = (max(0, round(float(each) - side / 2)) for each in middle)
    box = Box(top, min(frame.width, left + side), min(frame.height, top + side), left)
    return replace(before, at=at, box=box, landmarks=models().liveness.landmarks(frame, box))


def _hints(before: Sighting, at: float) -> Hints:
    reach = min(REACH + SPEED * (at - before.at), MAX_REACH)
    wanted = 0.0 if before.embedding is None else np.inf
    lost = at - before.at > 1.5 / RATE
    followed = Followed(before.box, before.patch, reach, lost, wanted, landmarks=True)
    return Hints(MIN_FACE, 1, MAX_PIXELS, (followed,), Scan.NOWHERE, scene=before.scene)


def _fits(face: Face, before: Sighting) -> bool:
    """Whether the embedding, if it was doubtful enough to take one, is of the same face."""
    if face.embedding is None or before.embedding is None:
        return True
    return float(np.linalg.norm(face.embedding - before.embedding)) <= SFACE.other_face
