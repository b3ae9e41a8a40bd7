"""A door as the server runs it, and what is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import numpy as np

from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.orders import EMPTY, Roster
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Hints, Landmarks, Pose
from tests.support.doors import close, settled

WANTED = Hints(min_face=48, max_faces=4, max_pixels=10**6)
START = datetime(2026, 11, 22, 8, 0, 0)
SHAPE = np.random.default_rng(1).normal(100, 30, (68, 2))


def landmarks(seed: int) -> Landmarks:
    """Some face that moves a little."""
    chance = np.random.default_rng(seed)
    points = (SHAPE + chance.normal(0, 1.5, (68, 2))).astype(np.float32)
    return Landmarks(points, Pose(*(float(angle) for angle in chance.normal(0, 15, 3))))


class LiveDoor:
    """Does what the server does with frames, and returns what it tells of them. `frames`: all so far."""

    def __init__(
        self,
        rules: Rules,
        gallery: Gallery,
        roster: Roster = EMPTY,
        terminal: str = "door",
        lockouts: Lockouts | None = None,
    ) -> None:
        ids = count(1)
        self.door = Door(
            rules, new_id=lambda: f"{terminal}-{next(ids)}", terminal=terminal, lockouts=lockouts
        )
        self.gallery = gallery
        self.roster = roster
        self.terminal = terminal
        self.frames: list[ObservedFrame] = []

    def see(
        self, faces: Sequence[Face], at: float, retract: bool = False, start: datetime = START
    ) -> ObservedFrame:
        """A frame. The index of a face without an embedding is taken modulo the faces that are followed."""
        hints = self.door.hints(WANTED, at)
        shown = tuple(_following(face, len(hints.followed)) for face in faces)
        return self.take(Analysis(640, 480, shown), hints, at, retract, start)

    def take(
        self, analysis: Analysis, hints: Hints, at: float, retract: bool = False, start: datetime = START
    ) -> ObservedFrame:
        """What came of the last hints."""
        moment = start + timedelta(seconds=at)
        orders = self.roster.orders(self.terminal, moment)
        outcome = self.door.observe(analysis, self.gallery, at, orders)
        retract = retract and outcome.decision is not None
        outcome = settled(self.door, outcome, written=not retract)
        frame = ObservedFrame(
            at=at,
            moment=moment,
            analysis=analysis,
            followed=tuple(each.box for each in hints.followed),
            enrolled=(len(self.gallery.people), self.gallery.photos),
            drawn=outcome.drawn,
            decision=outcome.decision,
            retracted=retract,
            ended=outcome.ended,
        )
        self.frames.append(frame)
        return frame

    def close(self) -> ClosedDoor:
        """The terminal leaves."""
        decisions, ended = close(self.door)
        return ClosedDoor(self.frames[-1].moment if self.frames else START, tuple(decisions), tuple(ended))


def _following(face: Face, followed: int) -> Face:
    if face.followed is None:
        return face
    return replace(face, followed=face.followed % followed if followed else None)
