"""A challenge: random instructions that a living person follows at once, and a photo or a film does not."""

import random
from collections.abc import Callable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.blink import blinks
from server.access.liveness.geometry import explain
from server.access.liveness.sightings import GAP_SECONDS, Run, Sighting
from server.access.seen import Landmarks
from wire.reasons import Prompt

OTHERS = (Prompt.BLINK, Prompt.COME_CLOSER)
TURNS = (Prompt.TURN_LEFT, Prompt.TURN_RIGHT)
STEPS = 3
"""Two turns and something else: to a film that is replayed, a blink or coming closer is worth little."""
NEUTRAL_SECONDS = 5.0
"""How long somebody may take to look at the camera, at first and after each step."""
STEP_SECONDS = 5.0
"""And for what is asked."""
REST_SECONDS = 0.3
"""How long a head must be at rest for its pose to be taken as neutral."""
REST_DEGREES, REST_TURNED = 5.0, 25.0
"""How far it may turn meanwhile, and how far it may be turned from the camera."""
BACK_DEGREES = 8.0
"""How near the first neutral yaw it must come again after each step."""
REACTION_SECONDS = 0.25
"""What is done sooner after an instruction was not done because of it."""
TURN_DEGREES = 20.0
"""How far to turn."""
WRONG_DEGREES = 12.0
"""Whoever turns so far in the other direction has not understood, or not heard."""
HOLD_SIGHTINGS = 2
DEEP = 1.2
"""How many times as much must be left when the turned face is explained as a sheet as when it is as a head
(`geometry.explain`): of two people who turned by 20 degrees 98 % of the sightings show 1.25 or more. At 1.1
one of 408 simulated prints passed."""
CLOSER = 1.2
"""How much larger the face must become."""
KEEP_SECONDS = 2.0
"""How long sightings are kept."""


class ChallengeState(str, Enum):
    """How far a challenge has come."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class Failure(str, Enum):
    """Why a challenge failed."""

    TOO_LATE = "too_late"
    WRONG_WAY = "wrong_way"
    TOO_SOON = "too_soon"
    FLAT = "flat"
    INTERRUPTED = "interrupted"
    NOT_REAL = "not_real"


def plan(rng: random.Random) -> list[Prompt]:
    """Two turns and another step in random order, never one twice in a row."""
    other = rng.randrange(STEPS)
    first = rng.choice(TURNS)
    separated = other == 1
    second = rng.choice(TURNS) if separated else next(turn for turn in TURNS if turn is not first)
    steps = [first, second]
    steps.insert(other, rng.choice(OTHERS))
    return steps


class _Neutral:
    """A head at rest: its mean shape (`geometry.Shape`), yaw in degrees, size in pixels."""

    def __init__(self, sightings: list[Sighting]) -> None:
        self.rigid: NDArray[np.float64] = np.mean([each.shape.rigid for each in sightings], axis=0)
        self.size = float(np.mean([each.shape.size for each in sightings]))
        self.yaw = float(np.mean([each.yaw for each in sightings]))


class Challenge:
    """Asks one step after the other, of one unbroken track; any failure ends it."""

    def __init__(self, rng: random.Random, started: float) -> None:
        """`started`: seconds, as of all times here."""
        self.state = ChallengeState.RUNNING
        self.failure: Failure | None = None
        self._steps = plan(rng)
        self._run = Run(KEEP_SECONDS)
        self._asking = False
        self._since = started
        self._yaw: float | None = None
        self._neutral: _Neutral | None = None
        self._flat = False
        self._scores: list[bool] = []

    @property
    def prompt(self) -> Prompt:
        """What to do now."""
        return self._steps[0] if self._asking else Prompt.LOOK_AT_CAMERA

    def seconds_left(self, now: float) -> float:
        """For what the prompt asks; not below 0."""
        return max(0.0, self._since + self._limit - now)

    def see(self, at: float, landmarks: Landmarks) -> None:
        """The face at time `at`, later than before. A jump is seen by its points."""
        self.tick(at)
        if self.state is not ChallengeState.RUNNING:
            return
        sighting = Sighting.take(at, landmarks)
        if sighting.antispoof is not None:
            self._scores.append(sighting.antispoof >= 0.5)
        if not self._run.add(sighting):
            self._fail(Failure.INTERRUPTED)
        elif self._asking:
            self._judge(sighting)
        else:
            self._rest(sighting)

    def tick(self, now: float) -> None:
        """Time passes, also when nothing is seen."""
        if self.state is not ChallengeState.RUNNING:
            return
        if self._run.sightings and now - self._run.sightings[-1].at > GAP_SECONDS:
            self._fail(Failure.INTERRUPTED)
        elif self.seconds_left(now) == 0:
            self._fail(Failure.FLAT if self._flat else Failure.TOO_LATE)

    @property
    def _limit(self) -> float:
        return STEP_SECONDS if self._asking else NEUTRAL_SECONDS

    def _fail(self, failure: Failure) -> None:
        self.state, self.failure = ChallengeState.FAILED, failure

    def _rest(self, sighting: Sighting) -> None:
        """Ask the next step when the head is at rest and looks ahead again."""
        resting = [each for each in self._run.sightings if each.at >= sighting.at - REST_SECONDS]
        long_enough = self._run.sightings[0].at <= sighting.at - REST_SECONDS
        if not long_enough or sighting.at - self._since < REST_SECONDS or len(resting) < HOLD_SIGHTINGS:
            return
        neutral = _Neutral(resting)
        yaws = [each.yaw for each in resting]
        ahead = (
            abs(neutral.yaw) <= REST_TURNED
            if self._yaw is None
            else abs(neutral.yaw - self._yaw) <= BACK_DEGREES
        )
        if max(yaws) - min(yaws) > REST_DEGREES or not ahead:
            return
        self._yaw = neutral.yaw if self._yaw is None else self._yaw
        self._neutral, self._asking, self._flat, self._since = neutral, True, False, sighting.at

    def _judge(self, sighting: Sighting) -> None:
        assert self._neutral is not None
        step = self._steps[0]
        if step in TURNS:
            done = self._turned(self._neutral, 1 if step is Prompt.TURN_LEFT else -1)
        elif step is Prompt.BLINK:
            done = any(at >= self._since + REACTION_SECONDS for at in blinks(tuple(self._run.sightings)))
        else:
            done = self._held(lambda each: each.shape.size >= CLOSER * self._size)
        if done and self.state is ChallengeState.RUNNING:
            self._finish(sighting.at)

    @property
    def _size(self) -> float:
        return self._neutral.size if self._neutral else float("inf")

    def _finish(self, at: float) -> None:
        """The step is done."""
        self._steps.pop(0)
        self._asking, self._since = False, at
        if self._steps:
            return
        if self._scores and sum(self._scores) * 2 <= len(self._scores):
            self._fail(Failure.NOT_REAL)
        else:
            self.state = ChallengeState.PASSED

    def _held(self, done: Callable[[Sighting], bool]) -> bool:
        """Whether the last sightings show it, all of them after the instruction could be followed."""
        last = list(self._run.sightings)[-HOLD_SIGHTINGS:]
        return all(each.at >= self._since + REACTION_SECONDS and done(each) for each in last)

    def _turned(self, neutral: _Neutral, way: int) -> bool:
        """Whether the head has turned far enough, `way` 1 to its left, -1 to its right."""
        now = self._run.sightings[-1]
        turned = way * (now.yaw - neutral.yaw)
        if turned <= -WRONG_DEGREES:
            self._fail(Failure.WRONG_WAY)
        elif turned >= TURN_DEGREES / 2 and now.at < self._since + REACTION_SECONDS:
            self._fail(Failure.TOO_SOON)
        elif self._held(lambda each: way * (each.yaw - neutral.yaw) >= TURN_DEGREES):
            self._flat = not self._deep(neutral)
            return not self._flat
        return False

    def _deep(self, neutral: _Neutral) -> bool:
        """Whether the points moved against each other as those of a head that turns so far."""
        last = list(self._run.sightings)[-HOLD_SIGHTINGS:]
        left = explain(np.mean([each.shape.rigid for each in last], axis=0)[np.newaxis], neutral.rigid)
        return bool(left.sheet[0] >= DEEP * left.head[0])
