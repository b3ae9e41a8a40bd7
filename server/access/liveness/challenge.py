"""A challenge: things to do, chosen by chance, that a living person does, and a photo or a film does not."""

import random
from collections.abc import Callable, Iterable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from server.access.liveness.geometry import explain
from server.access.liveness.sightings import GAP_SECONDS, Run, Sighting
from wire.reasons import Prompt

TURNS = (Prompt.TURN_LEFT, Prompt.TURN_RIGHT)
NEUTRAL_SECONDS = 5.0
"""How long somebody may take to look at the camera, at first and after each step."""
STEP_SECONDS = 5.0
"""And for what is asked."""
REST_SECONDS = 0.3
"""How long a head must be at rest for its pose to be taken as neutral."""
REST_DEGREES, REST_TURNED = 5.0, 25.0
"""How far it may turn meanwhile, and how far it may be turned from the camera."""
BACK_DEGREES = 8.0
"""How near the first neutral yaw it must come again after a turn."""
REACTION_SECONDS = 0.25
"""What is done sooner after an instruction was not done because of it: it counts once it lasts as long."""
TURN_DEGREES = 20.0
"""How far to turn. At 15 two of about 60 bent prints passed, though not flat by `DEEP`: of a print bent round
a cylinder and turned by 25 to 42 degrees the points found are those of a head turned by up to 17."""
WRONG_TURNS = 2
"""Turns to the other side that end a whole challenge. The first makes it longer: whoever turns to and fro
without being asked to soon has two."""
PENALTY = 2
"""How many more turns are asked for after the first: the one before which it came does not count."""
HOLD_SIGHTINGS = 2
DEEP = 1.2
"""How many times as much must be left when the turned face is explained as a sheet as when it is as a head
(`geometry.explain`). Rendered heads that turned by 15 degrees show 1.06 to 3.7, most more than 1.6."""
NOTHING = 1e-3
"""So little left, in sizes, is none: points that all lie in one place are as well explained as either."""
UNSURE_PROGRESS = 0.8
"""What is shown of a turn that is wide enough, as long as it does not show the depth of a head, and of an
open mouth, as long as the head is turned."""
FACING_DEGREES = 15.0
"""How far it may be turned then: beyond 20 degrees the lips of masks that do not move seem to part by 0.2."""
OPEN = 0.15
"""How much farther apart than at rest the lips must be, in sizes (`geometry.Shape`): about 6 mm. Rendered
mouths opened by 22 mm show 0.2 to 0.6 more than shut, three people who talk up to 0.6."""
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
    FLAT = "flat"
    INTERRUPTED = "interrupted"
    NOT_REAL = "not_real"


class Extent(Enum):
    """How much is asked: one turn, which shows that a face has depth, or enough that nobody foresees it."""

    SHORT = "short"
    WHOLE = "whole"


def plan(rng: random.Random, extent: Extent) -> list[Prompt]:
    """One turn; or two, to sides chosen by chance, and between them, while the head comes back, an open
    mouth. A mask turns as its wearer does; a film speaks."""
    if extent is Extent.SHORT:
        return [rng.choice(TURNS)]
    return [rng.choice(TURNS), Prompt.OPEN_MOUTH, rng.choice(TURNS)]


class _Neutral:
    """A head at rest: its mean shape (`geometry.Shape`), yaw in degrees, and how far its mouth is open."""

    def __init__(self, sightings: list[Sighting]) -> None:
        self.rigid: NDArray[np.float64] = np.mean([each.shape.rigid for each in sightings], axis=0)
        self.yaw = float(np.mean([each.yaw for each in sightings]))
        self.gape = float(np.mean([each.gape for each in sightings]))


class Challenge:
    """Asks one step after the other, of one unbroken track. Whoever turns too far, too early or first to the
    other side has not failed: the instruction stays until it is done, or its time is over."""

    def __init__(
        self, rng: random.Random, started: float, extent: Extent, before: Iterable[Sighting] = ()
    ) -> None:
        """`started`: seconds, as of all times here. `before`: sightings of the same unbroken track, oldest
        first: a head that is at rest already need not be waited for."""
        self.state = ChallengeState.RUNNING
        self.failure: Failure | None = None
        self._rng = rng
        self._extent = extent
        self._steps = plan(rng, extent)
        self._run = Run(KEEP_SECONDS)
        for sighting in before:
            if started - sighting.at <= GAP_SECONDS:
                self._run.add(sighting)
        self._asking = False
        self._since = started
        self._yaw: float | None = None
        self._neutral: _Neutral | None = None
        self._flat = False
        self._wrong = 0
        self._erring = False
        self._scores: list[bool] = []
        self._rest()

    @property
    def prompt(self) -> Prompt:
        """What to do now."""
        return self._steps[0] if self._asking else Prompt.LOOK_AT_CAMERA

    @property
    def progress(self) -> float | None:
        """How much of it is done, -1 to 1; below 0 when the head is turned to the other side."""
        if not self._asking:
            return None
        done = self._done(self._run.sightings[-1])
        return min(max(done, -1.0), UNSURE_PROGRESS if self._flat else 1.0)

    def seconds_left(self, now: float) -> float:
        """For what the prompt asks; not below 0."""
        return max(0.0, self._since + self._limit - now)

    def see(self, sighting: Sighting) -> None:
        """The face a moment later than before. A jump is seen by its points."""
        self.tick(sighting.at)
        if self.state is not ChallengeState.RUNNING:
            return
        if sighting.antispoof is not None:
            self._scores.append(sighting.antispoof >= 0.5)
        if not self._run.add(sighting):
            self._fail(Failure.INTERRUPTED)
        elif self._asking:
            self._judge(sighting)
        else:
            self._rest()

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

    def _rest(self) -> None:
        """Ask the next step when the head is at rest and looks ahead again."""
        seen = self._run.sightings
        if self._asking or not seen or seen[0].at > seen[-1].at - REST_SECONDS:
            return
        resting = [each for each in seen if each.at >= seen[-1].at - REST_SECONDS]
        if len(resting) < HOLD_SIGHTINGS:
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
        self._neutral, self._asking, self._since = neutral, True, max(self._since, seen[-1].at)
        self._flat = self._erring = False

    def _judge(self, sighting: Sighting) -> None:
        """Whether the step is done."""
        done = self._held(lambda each: self._done(each) >= 1)
        if self._steps[0] in TURNS:
            self._flat = done and not self._deep()
            if self._extent is Extent.WHOLE and self._held(lambda each: self._done(each) <= -1):
                self._err()
        if done and not self._flat and self.state is ChallengeState.RUNNING:
            self._finish(sighting.at)

    def _done(self, sighting: Sighting) -> float:
        """How much of the step a sighting shows: 1 is all of it."""
        assert self._neutral is not None
        turned, step = sighting.yaw - self._neutral.yaw, self._steps[0]
        if step is Prompt.OPEN_MOUTH:
            opened = (sighting.gape - self._neutral.gape) / OPEN
            return opened if abs(turned) <= FACING_DEGREES else min(opened, UNSURE_PROGRESS)
        way = 1 if step is Prompt.TURN_LEFT else -1
        return way * turned / TURN_DEGREES

    def _err(self) -> None:
        """The head is turned to the other side, as far as was asked to this one."""
        if not self._erring:
            self._erring = True
            self._wrong += 1
            self._steps += [self._rng.choice(TURNS) for _ in range(PENALTY)]
        if self._wrong >= WRONG_TURNS:
            self._fail(Failure.WRONG_WAY)

    def _finish(self, at: float) -> None:
        """The step is done: the next one, or all of it is."""
        self._steps.pop(0)
        self._asking, self._since = self._steps[:1] == [Prompt.OPEN_MOUTH], at
        if self._steps:
            self._rest()
        elif self._scores and sum(self._scores) * 2 <= len(self._scores):
            self._fail(Failure.NOT_REAL)
        else:
            self.state = ChallengeState.PASSED

    def _held(self, shown: Callable[[Sighting], bool]) -> bool:
        """Whether the last sightings show it, all of them after the instruction could be followed."""
        last = list(self._run.sightings)[-HOLD_SIGHTINGS:]
        return all(each.at >= self._since + REACTION_SECONDS and shown(each) for each in last)

    def _deep(self) -> bool:
        """Whether the points moved against each other as those of a head that turns so far."""
        assert self._neutral is not None
        last = list(self._run.sightings)[-HOLD_SIGHTINGS:]
        turned = np.mean([each.shape.rigid for each in last], axis=0)[np.newaxis]
        left = explain(turned, self._neutral.rigid)
        return bool(left.sheet[0] >= max(DEEP * left.head[0], NOTHING))
