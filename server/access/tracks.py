"""Following faces from frame to frame: a track is one face at one terminal from appearing to leaving."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from server.access.decision import Nearest
from server.access.evidence import Identity, Look, Recognition, compare, judge, mean_embedding, probe, recent
from server.access.matching.gallery import Gallery, Match
from server.access.matching.recogniser import Embedding, Recogniser
from server.access.rules import VISIT_LOOKS, Rules
from server.access.seen import Face, Flaw
from wire import Box
from wire.reasons import Reason

LOST_SECONDS = 1.5
"""A face that a frame does not show, and that was not seen for this long, has left."""
STALE_SECONDS = 1.5
"""A face that was last looked at longer ago is nobody for the time being, wherever it was followed to."""
BREAK_SECONDS = 0.5
"""A face not seen for longer may have been another one meanwhile: what was proven of it is proven anew."""
STEADY_LOOKS = 5
"""So many looks a new one is held against."""
BLIND = frozenset({Flaw.TOO_SMALL, Flaw.TOO_DARK, Flaw.TOO_BRIGHT, Flaw.TOO_BLURRED})
"""Looks with which anybody could take anybody's place: of strangers' faces blurred by sigma 4 on the chip
every fifth pair is nearer than `other_face` (dlib). What was proven is proven anew after one."""
SLOT_SECONDS = 0.095
"""Evidence counts ten times a second at most: frames nearer together are no chances of their own."""
GAP_SECONDS = 5.0
"""After so long without any frame nothing is continued."""
REACH = 1.5
"""How far a face may move between two frames, in widths of its box, when its embedding leaves doubt."""
MAX_SCALE = 2.0
"""How much larger or smaller it may become meanwhile."""
QUALITY_DECAY = 0.98
"""How fast the best view of a face is forgotten, for each frame: light and distance change."""


@dataclass(eq=False)
class Track:
    """One face. `recogniser`: whose embeddings its looks are. `looks` are the newest embedded ones, oldest
    first; they tell what is still this face. `evidence`: those good enough to say who it is, of which there
    have been `good_looks`. `flaw`: what was wrong with the newest look. `box` and `patch`: where it was last
    detected, and how it looked there (`server.vision.appearance`). `quality`: how good it was to see at its
    best. `sure`: whether its newest look surely is of the face that the others are of. `unbroken_since`:
    since when it has surely been one and the same face."""

    id: int
    recogniser: Recogniser
    box: Box
    last_seen: float
    first_look: float
    looks: deque[Look]
    unbroken_since: float
    evidence: deque[Look] = field(default_factory=lambda: deque(maxlen=VISIT_LOOKS))
    total_looks: int = 0
    good_looks: int = 0
    first_good: float = math.inf
    last_detected: float = 0.0
    last_landmarks: float = -math.inf
    quality: float = 0.0
    patch: bytes = b""
    sure: bool = False
    _slot: float = field(default=-math.inf, repr=False)
    _mean: Embedding | None = field(default=None, repr=False)
    _compared: tuple[tuple[Look, ...], Gallery, Match | None] | None = field(default=None, repr=False)

    @property
    def last_look(self) -> float:
        return self.looks[-1].at

    @property
    def flaw(self) -> Flaw | None:
        return self.looks[-1].flaw

    def see(self, face: Face, now: float) -> None:
        """The face is in view."""
        if now - self.last_seen > BREAK_SECONDS:
            self.unbroken_since = now
        self.last_seen = now
        if face.landmarks is not None:
            self.last_landmarks = now
        if face.detected:
            self.last_detected = now
            self.box = face.box
            self.patch = face.patch
            self.quality = max(face.quality, QUALITY_DECAY * self.quality)

    def add(self, look: Look) -> None:
        """The face has been embedded."""
        self.sure = look.flaw not in BLIND and self._is_steady(look)
        self.looks.append(look)
        self.total_looks += 1
        if look.flaw in BLIND:
            self.unbroken_since = look.at
        if look.flaw is None:
            if not self.sure:
                self._break(look.at)
            self._take_as_evidence(look)
        clear = [each for each in self.looks if each.flaw not in BLIND]
        self._mean = mean_embedding(clear or tuple(self.looks))

    def _is_steady(self, look: Look) -> bool:
        """Whether a new look surely is of the face that the evidence is of, or the looks so far."""
        seen = self.evidence or [each for each in self.looks if each.flaw not in BLIND]
        steady = list(seen)[-STEADY_LOOKS:]
        return not steady or bool(
            np.linalg.norm(look.embedding - mean_embedding(steady)) <= self.recogniser.steady_face
        )

    def _break(self, at: float) -> None:
        """What was seen before a sudden change says nothing about what is seen now."""
        self.unbroken_since = self.first_good = at
        self.evidence.clear()
        self.sure = True

    def _take_as_evidence(self, look: Look) -> None:
        """A look soon after another says the same, and is no chance of its own."""
        if look.at - self._slot < SLOT_SECONDS and self.evidence:
            return
        self._slot = look.at
        self.evidence.append(look)
        self.good_looks += 1
        self.first_good = min(self.first_good, look.at)

    def rematch(self, gallery: Gallery) -> None:
        """Hold the newest looks, which are weighed one by one, against the present gallery: a revocation
        acts at once."""
        if any(look.gallery_version != gallery.version for look in self.looks):
            self.looks = deque((look.against(gallery) for look in self.looks), self.looks.maxlen)
            older = max(0, len(self.evidence) - (self.looks.maxlen or 0))
            newest = [look.against(gallery) for look in list(self.evidence)[older:]]
            self.evidence = deque([*list(self.evidence)[:older], *newest], self.evidence.maxlen)

    def recognise(self, now: float, gallery: Gallery, rules: Rules) -> Recognition:
        """Who the face is; nobody where the newest look may be another's. Compared anew only when the looks
        that count or the gallery have changed."""
        looks = recent(self.evidence, now, rules)
        if self._compared is None or self._compared[0] != looks:
            self._compared = looks, gallery, compare(looks, gallery)
        match = self._compared[2]
        looked_for = self.last_seen - self.first_good
        found = judge(looks, match, gallery.population, looked_for, len(self.evidence), rules)
        if now - self.last_look <= STALE_SECONDS and (found.name is None or self.sure):
            return found
        return Recognition(
            identity=Identity.GATHERING,
            name=None,
            reason=Reason.TOO_FEW_LOOKS,
            match=match,
            threshold=found.threshold,
        )

    def nearest(self, most: int) -> tuple[Nearest, ...]:
        """Up to `most` people nearest to the template that was compared last, nearest first: those of the
        `match` that `recognise` told."""
        looks, gallery, match = self._compared or ((), None, None)
        if gallery is None or match is None:
            return ()
        template = probe(looks, self.recogniser.same_view)
        return tuple(Nearest(*each) for each in gallery.nearest(template, most))

    def distance(self, embedding: Embedding) -> float:
        """Euclidean distance from the mean of the newest looks."""
        return float(np.linalg.norm(embedding - self._mean)) if self._mean is not None else float("inf")


class Tracker:
    """Gives each embedded face of a frame its track. The identity of a track can never pass to another face:
    a face whose embedding does not fit starts a track of its own, whatever its place."""

    def __init__(self, window: int, recogniser: Recogniser) -> None:
        """`window`: how many looks a track keeps."""
        self._window = window
        self._recogniser = recogniser
        self._next_id = 1
        self.tracks: list[Track] = []

    def update(
        self,
        faces: Sequence[Face],
        gallery: Gallery,
        now: float,
        continued: Callable[[Face], Track | None] = lambda face: None,
    ) -> tuple[list[Track | None], list[Track]]:
        """Take in one frame at time `now` (monotonic seconds, never decreasing).

        `continued`: the track that a face without an embedding continues by its place. Returns the track of
        each face (None for one that has neither), and the tracks that ended.
        """
        ended = self._drop(now, GAP_SECONDS)
        for track in self.tracks:
            track.rematch(gallery)
        pairs = self._pair(faces)
        for at, face in enumerate(faces):
            if face.embedding is None:
                track_ = continued(face)
                if track_ in self.tracks and track_ not in pairs.values():
                    pairs[at] = track_
        found = [self._extend(pairs.get(at), face, gallery, now) for at, face in enumerate(faces)]
        return found, ended + self._drop(now, LOST_SECONDS)

    def _drop(self, now: float, unseen_seconds: float) -> list[Track]:
        dropped = [track for track in self.tracks if now - track.last_seen > unseen_seconds]
        self.tracks = [track for track in self.tracks if now - track.last_seen <= unseen_seconds]
        return dropped

    def _pair(self, faces: Sequence[Face]) -> dict[int, Track]:
        """Index of a face -> its track; nearest embeddings first, each track and face once."""
        candidates = sorted(
            (track.distance(face.embedding), at, track.id, track)
            for at, face in enumerate(faces)
            if face.embedding is not None
            for track in self.tracks
            if _could_be(track, face.box, face.embedding)
        )
        pairs: dict[int, Track] = {}
        taken: set[int] = set()
        for _, at, track_id, track in candidates:
            if at not in pairs and track_id not in taken:
                pairs[at] = track
                taken.add(track_id)
        return pairs

    def _extend(self, track: Track | None, face: Face, gallery: Gallery, now: float) -> Track | None:
        if track is None and face.embedding is not None:
            track = Track(
                id=self._next_id,
                recogniser=self._recogniser,
                box=face.box,
                last_seen=now,
                first_look=now,
                looks=deque(maxlen=self._window),
                unbroken_since=now,
            )
            self._next_id += 1
            self.tracks.append(track)
        if track is not None:
            track.see(face, now)
            if face.embedding is not None:
                track.add(Look.take(now, face, gallery))
        return track


def _could_be(track: Track, box: Box, embedding: Embedding) -> bool:
    distance = track.distance(embedding)
    same, other = track.recogniser.same_face, track.recogniser.other_face
    return distance <= same or (distance <= other and _within_reach(track.box, box))


def _within_reach(before: Box, after: Box) -> bool:
    across = (after.left + after.right - before.left - before.right) / 2
    down = (after.top + after.bottom - before.top - before.bottom) / 2
    width = max(before.width, after.width)
    scale = width / max(1, min(before.width, after.width))
    return scale <= MAX_SCALE and float(np.hypot(across, down)) <= REACH * width
