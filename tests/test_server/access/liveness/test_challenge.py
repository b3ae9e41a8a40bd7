"""People who do as they are asked, each in his way, people who do not, and prints that are turned."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from server.access.liveness.challenge import (
    FACING_DEGREES,
    NEUTRAL_SECONDS,
    OPEN,
    PENALTY,
    STEP_SECONDS,
    TURN_DEGREES,
    TURNS,
    UNSURE_PROGRESS,
    Challenge,
    ChallengeState,
    Extent,
    Failure,
    plan,
)
from server.access.liveness.sightings import Sighting
from server.access.seen import Landmarks
from tests.support.heads import head, noisy, sheet
from wire.reasons import Prompt

REACTION, SPEED = 0.5, 70.0
"""Seconds, and degrees per second."""
SIGNS = {Prompt.TURN_LEFT: 1, Prompt.TURN_RIGHT: -1}
WIDE = 2.5
SCALE = TURN_DEGREES / 15
"""How far a mouth is opened, centimetres."""


@dataclass
class Visitor:
    """Does what is asked, `reaction` seconds later. `angle`: how far a turn goes; `astray`: how far it goes
    to the wrong side first; `gape`: how far the mouth opens; `shows`: what is seen of a yaw and a mouth."""

    angle: float = 30.0
    astray: float = 0.0
    gape: float = WIDE
    reaction: float = REACTION
    speed: float = SPEED
    shows: Callable[[float, float], Landmarks] = lambda yaw, gape: head(yaw=yaw, gape=gape)
    yaw: float = 0.0
    mouth: float = 0.0
    strayed: bool = False
    asked: list[tuple[float, Prompt]] = field(default_factory=list)

    def see(self, prompt: Prompt, at: float, passed: float) -> Landmarks:
        if not self.asked or self.asked[-1][1] is not prompt:
            self.asked.append((at, prompt))
            self.strayed = False
        heard = [each for since, each in self.asked if at - since >= self.reaction]
        wanted = heard[-1] if heard else Prompt.LOOK_AT_CAMERA
        goal = SIGNS.get(wanted, 0) * self.angle
        if self.astray and goal and not self.strayed:
            goal = -SIGNS[wanted] * self.astray
            self.strayed = self.yaw == goal
        step = self.speed * passed
        self.yaw += float(np.clip(goal - self.yaw, -step, step))
        open_mouth = self.gape if wanted is Prompt.OPEN_MOUTH else 0.0
        self.mouth += float(np.clip(open_mouth - self.mouth, -8 * passed, 8 * passed))
        return self.shows(self.yaw, self.mouth)


def run(
    visitor: Visitor, seed: int = 0, rate: float = 10.0, noise: float = 0.15, extent: Extent = Extent.WHOLE
) -> tuple[Challenge, float]:
    """Until it is over; and how many seconds that took."""
    challenge, at, source = Challenge(random.Random(seed), 0.0, extent), 0.0, np.random.default_rng(seed)
    while challenge.state is ChallengeState.RUNNING:
        at += 1 / rate
        seen = visitor.see(challenge.prompt, at, 1 / rate)
        challenge.see(Sighting.take(at, noisy(seen, noise, source)))
    return challenge, at


def rested(seed: int = 0, extent: Extent = Extent.WHOLE, seconds: float = 0.5) -> tuple[Challenge, float]:
    """A challenge of somebody who has been looking at the camera, and the time."""
    before = [Sighting.take(at, head()) for at in np.arange(0.0, seconds + 0.01, 0.1).tolist()]
    return Challenge(random.Random(seed), seconds, extent, before), seconds


def begun(*steps: Prompt, extent: Extent = Extent.WHOLE) -> tuple[Challenge, float]:
    """One that asks for these steps first."""
    for seed in range(100):
        if plan(random.Random(seed), extent)[: len(steps)] == list(steps):
            return rested(seed, extent)
    raise AssertionError(steps)


def feed(challenge: Challenge, at: float, yaws: Sequence[float], gape: float = 0.0) -> float:
    """A head at these yaws, of which 15 is as far as is asked, every 0.1 seconds after `at`."""
    for yaw in yaws:
        at += 0.1
        challenge.see(Sighting.take(at, head(yaw=yaw * SCALE, gape=gape)))
    return at


def go(challenge: Challenge, at: float, *yaws: float, gape: float = 0.0) -> float:
    return feed(challenge, at, yaws, gape)


def prompt_of(challenge: Challenge) -> Prompt:
    return challenge.prompt


def test_a_whole_plan_is_two_turns_that_nobody_foresees_and_an_open_mouth() -> None:
    plans = [tuple(plan(random.Random(seed), Extent.WHOLE)) for seed in range(400)]
    assert set(plans) == {(one, Prompt.OPEN_MOUTH, other) for one in TURNS for other in TURNS}
    assert min(plans.count(each) for each in set(plans)) > 60


def test_a_short_one_is_a_turn_to_either_side() -> None:
    plans = {tuple(plan(random.Random(seed), Extent.SHORT)) for seed in range(20)}
    assert plans == {(turn,) for turn in TURNS}


@pytest.mark.parametrize("rate", [5.0, 8.0, 10.0, 15.0, 30.0])
@pytest.mark.parametrize("extent", list(Extent))
def test_whoever_does_as_asked_passes(rate: float, extent: Extent) -> None:
    for seed in range(8):
        challenge, seconds = run(Visitor(), seed, rate, extent=extent)
        assert challenge.state is ChallengeState.PASSED, (seed, challenge.failure, challenge.prompt)
        assert seconds <= (1.9 if extent is Extent.SHORT else 5.0)


@pytest.mark.parametrize(
    "visitor",
    [
        Visitor(angle=22.0),
        Visitor(angle=45.0),
        Visitor(reaction=1.5, speed=20.0),
        Visitor(reaction=0.1, speed=120.0),
        Visitor(astray=10.0),
        Visitor(reaction=2.5),
    ],
    ids=["just enough", "too far", "slow", "hasty", "astray", "late"],
)
@pytest.mark.parametrize("extent", list(Extent))
def test_nobody_who_tries_fails(visitor: Visitor, extent: Extent) -> None:
    challenge, _ = run(replace(visitor, asked=[]), 3, extent=extent)
    assert challenge.state is ChallengeState.PASSED, challenge.failure


def test_a_head_at_rest_is_asked_at_once_and_the_prompts_follow_each_other() -> None:
    challenge, at = begun(Prompt.TURN_LEFT, Prompt.OPEN_MOUTH, Prompt.TURN_LEFT)
    assert prompt_of(challenge) is Prompt.TURN_LEFT
    at = go(challenge, at, 0, 0, 0, 8, 16, 17)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH
    at = go(challenge, at, 16, 8, 0, 0, 0)
    at = go(challenge, at, 0, 0, gape=WIDE)
    assert prompt_of(challenge) is Prompt.TURN_LEFT
    go(challenge, at, 0, 0, 0, 8, 16, 17)
    assert challenge.state is ChallengeState.PASSED and challenge.failure is None


def test_a_head_that_does_not_rest_is_waited_for() -> None:
    challenge = Challenge(random.Random(0), 0.0, Extent.SHORT)
    at = 0.0
    while challenge.state is ChallengeState.RUNNING:
        at = go(challenge, at, 10 * np.sin(10 * at))
        assert prompt_of(challenge) is Prompt.LOOK_AT_CAMERA and challenge.progress is None
    assert challenge.failure is Failure.TOO_LATE
    assert at == pytest.approx(NEUTRAL_SECONDS, abs=0.2)


def test_sightings_of_long_ago_are_no_rest() -> None:
    before = [Sighting.take(at, head()) for at in (0.0, 0.1, 0.2, 0.3)]
    challenge = Challenge(random.Random(0), 1.0, Extent.SHORT, before)
    challenge.tick(1.1)
    assert challenge.state is ChallengeState.RUNNING and prompt_of(challenge) is Prompt.LOOK_AT_CAMERA


@pytest.mark.parametrize("step", TURNS)
def test_a_step_that_is_not_done_fails_at_its_deadline(step: Prompt) -> None:
    challenge, at = begun(step)
    assert challenge.seconds_left(at) == STEP_SECONDS
    go(challenge, at, *[0.0] * 49)
    assert challenge.state is ChallengeState.RUNNING and prompt_of(challenge) is step
    go(challenge, at + 4.9, 0.0, 0.0)
    assert challenge.failure is Failure.TOO_LATE


def test_time_passes_without_a_face() -> None:
    challenge = Challenge(random.Random(0), 0.0, Extent.SHORT)
    challenge.tick(NEUTRAL_SECONDS - 0.1)
    assert challenge.state is ChallengeState.RUNNING
    challenge.tick(NEUTRAL_SECONDS + 0.1)
    assert challenge.failure is Failure.TOO_LATE


@pytest.mark.parametrize(("step", "way"), SIGNS.items())
def test_progress_moves_with_the_head(step: Prompt, way: int) -> None:
    challenge, at = begun(step)
    shown = []
    for yaw in (0, 0, 3, 6, 12, 3, -6, -14, -21):
        at = go(challenge, at, way * yaw)
        shown.append(challenge.progress)
    assert shown == pytest.approx([0, 0, 0.2, 0.4, 0.8, 0.2, -0.4, -0.93, -1], abs=0.01)


def test_progress_of_a_mouth() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    at = go(challenge, at, 0, 0, 0, 8, 16, 17, 8, 0)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH and challenge.progress == pytest.approx(0, abs=0.1)
    go(challenge, at, 0, gape=0.4)
    assert challenge.progress is not None and 0.3 < challenge.progress < 0.9


def test_a_turn_to_the_wrong_side_is_no_failure_and_the_arrow_stays() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    at = go(challenge, at, 0, 0, 0, -8, -14, -14, -8, 0, 8)
    assert prompt_of(challenge) is Prompt.TURN_LEFT
    go(challenge, at, 16, 17)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH


def turns_done(sides: Sequence[int], seed: int) -> tuple[Challenge, int]:
    """Somebody turns to these sides, one after the other, whatever is asked, resting in between with an open
    mouth; and how many turns it took."""
    challenge, at = rested(seed)
    for count, side in enumerate(sides, 1):
        at = go(challenge, at, *(side * yaw for yaw in (0, 0, 0, 8, 16, 18, 18, 9, 0)))
        at = go(challenge, at, 0, 0, 0, 0, gape=WIDE)
        if challenge.state is not ChallengeState.RUNNING:
            return challenge, count
    return challenge, len(sides)


def test_whoever_turns_to_the_wrong_side_as_far_as_was_asked_turns_more_often() -> None:
    seed = next(s for s in range(100) if plan(random.Random(s), Extent.WHOLE)[0] is Prompt.TURN_LEFT)
    challenge, at = rested(seed)
    at = go(challenge, at, 0, 0, 0, -8, -16, -18, -16, -8, 0, 8, 16, 18)
    assert challenge.state is ChallengeState.RUNNING
    done, at = 1, go(challenge, at, 9, 0)
    while challenge.state is ChallengeState.RUNNING:
        if challenge.prompt in SIGNS:
            side = SIGNS[challenge.prompt]
            at = go(challenge, at, *(side * yaw for yaw in (0, 0, 0, 8, 16, 18, 9)))
            done += 1
        at = go(challenge, at, 0, 0, 0, 0, gape=WIDE)
    assert (challenge.state, done) == (ChallengeState.PASSED, 2 + PENALTY)


def test_the_second_turn_to_the_wrong_side_ends_it() -> None:
    challenge, at = begun(Prompt.TURN_LEFT, Prompt.OPEN_MOUTH, Prompt.TURN_LEFT)
    at = go(challenge, at, 0, 0, 0, -8, -16, -18, -18, -18, -16, -8, 0, 8, 16, 18)
    at = go(challenge, at, 9, 0, 0, 0, 0, 0, gape=WIDE)
    assert prompt_of(challenge) is Prompt.TURN_LEFT
    go(challenge, at, 0, 0, 0, -8, -16, -18)
    assert challenge.failure is Failure.WRONG_WAY


def test_in_a_short_one_the_wrong_side_costs_nothing() -> None:
    challenge, at = begun(Prompt.TURN_LEFT, extent=Extent.SHORT)
    go(challenge, at, 0, 0, 0, -8, -16, -18, -8, 0, 8, 16, 8, 0, -8, -16, -18, -8, 0, 8, 16, 18)
    assert challenge.state is ChallengeState.PASSED


def test_a_film_of_somebody_who_turns_and_rests_and_speaks_passes_three_times_in_eight() -> None:
    """Whoever has such a film of a resident has that chance with each ask: 1/4 + 1/8."""
    sides = random.Random(7)
    passed = 0
    for seed in range(120):
        challenge, _ = turns_done([sides.choice((1, -1)) for _ in range(8)], seed)
        passed += challenge.state is ChallengeState.PASSED
    assert 0.27 < passed / 120 < 0.48


@pytest.mark.parametrize("period", [0.8, 1.2, 2.0])
def test_a_film_of_a_head_that_is_shaken_without_rest_never_passes(period: float) -> None:
    for seed in range(20):
        challenge, at = rested(seed)
        while challenge.state is ChallengeState.RUNNING:
            at = go(challenge, at, 25 * np.sin(2 * np.pi * at / period), gape=WIDE)
        assert challenge.state is ChallengeState.FAILED, (seed, period)


def test_a_turn_faster_than_heads_turn_is_another_head() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    go(challenge, at, 0, 0, 0, 0, 35)
    assert challenge.failure is Failure.INTERRUPTED


def test_a_turn_that_is_too_small_is_not_done() -> None:
    assert run(Visitor(angle=TURN_DEGREES - 3))[0].failure is Failure.TOO_LATE


def test_a_turn_must_be_held() -> None:
    challenge, at = begun(Prompt.TURN_RIGHT)
    at = go(challenge, at, 0, 0, 0, -10, -16, -10, -5)
    assert prompt_of(challenge) is Prompt.TURN_RIGHT
    go(challenge, at, -10, -16, -17)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH


def test_what_was_done_too_soon_counts_once_it_lasts() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    at = go(challenge, at, 10, 18)
    assert prompt_of(challenge) is Prompt.TURN_LEFT
    at = go(challenge, at, 18)
    assert prompt_of(challenge) is Prompt.TURN_LEFT, "one sighting is too few"
    go(challenge, at, 18)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH


def test_the_mouth_of_a_head_that_is_still_turned_does_not_count() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    at = go(challenge, at, 0, 0, 0, 8, 16, 18)
    at = go(challenge, at, 18, 18, 18, 18, gape=WIDE)
    assert prompt_of(challenge) is Prompt.OPEN_MOUTH and challenge.progress == UNSURE_PROGRESS
    go(
        challenge,
        at,
        (FACING_DEGREES + 1) / SCALE,
        (FACING_DEGREES - 1) / SCALE,
        (FACING_DEGREES - 1) / SCALE,
        gape=WIDE,
    )
    assert prompt_of(challenge) is Prompt.LOOK_AT_CAMERA and challenge.state is ChallengeState.RUNNING


def test_the_second_turn_waits_for_a_head_that_looks_ahead_again() -> None:
    challenge, at = begun(Prompt.TURN_LEFT, Prompt.OPEN_MOUTH, Prompt.TURN_LEFT)
    at = go(challenge, at, 0, 0, 0, 8, 16, 18, 9)
    at = go(challenge, at, 9, 9, 7, 0, gape=WIDE)
    assert prompt_of(challenge) is Prompt.LOOK_AT_CAMERA, "it has come back, and is not at rest"
    go(challenge, at, 0, 0, 0)
    assert prompt_of(challenge) is Prompt.TURN_LEFT


@pytest.mark.parametrize("curvature", [0.0, 0.06, 0.1, -0.06])
@pytest.mark.parametrize("extent", list(Extent))
def test_a_print_that_is_turned_as_asked_is_flat(curvature: float, extent: Extent) -> None:
    """Even when it is taken for a head that turns as far."""

    def shows(yaw: float, gape: float) -> Landmarks:
        return sheet(yaw=yaw, curvature=curvature, claimed=yaw, gape=gape)

    for seed in range(6):
        challenge, _ = run(Visitor(shows=shows, angle=40), seed, extent=extent)
        assert challenge.failure is Failure.FLAT


def test_what_is_flat_does_not_fill_the_arrow() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    for yaw in (0, 0, 0, 10, 20, 25, 30):
        at += 0.1
        challenge.see(Sighting.take(at, sheet(yaw=yaw, claimed=yaw)))
    assert challenge.progress == UNSURE_PROGRESS


def test_points_that_all_lie_in_one_place_are_no_head_whatever_their_yaw() -> None:
    def shows(yaw: float, gape: float) -> Landmarks:
        return replace(head(yaw=yaw), points=np.full_like(head().points, 100.0))

    challenge, _ = run(Visitor(shows=shows), noise=0.0, extent=Extent.SHORT)
    assert challenge.state is ChallengeState.FAILED


@pytest.mark.parametrize("gape", [0.0, 0.3])
def test_a_mask_that_keeps_its_mouth_shut_does_not_pass(gape: float) -> None:
    challenge, _ = run(Visitor(gape=gape))
    assert challenge.failure is Failure.TOO_LATE and prompt_of(challenge) is not Prompt.TURN_LEFT


def test_the_mouth_is_to_be_opened_farther_than_it_was() -> None:
    """A face that smiles with its teeth bared has not opened its mouth when asked."""
    assert run(Visitor(shows=lambda yaw, gape: head(yaw=yaw, gape=1.0)))[0].failure is Failure.TOO_LATE
    assert OPEN < 0.5


@pytest.mark.parametrize(
    "other", [head(across=15), head(distance=100), head(yaw=40)], ids=["aside", "smaller", "turned"]
)
def test_a_jump_ends_it(other: Landmarks) -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    challenge.see(Sighting.take(at + 0.1, other))
    assert challenge.failure is Failure.INTERRUPTED


def test_a_gap_ends_it() -> None:
    challenge, at = begun(Prompt.TURN_LEFT)
    at = go(challenge, at, 0)
    challenge.tick(at + 0.45)
    assert challenge.state is ChallengeState.RUNNING
    challenge.tick(at + 0.55)
    assert challenge.failure is Failure.INTERRUPTED


def test_what_is_over_stays_as_it_is() -> None:
    challenge, _ = run(Visitor(gape=0.0))
    go(challenge, 100.0, 0.0)
    challenge.tick(200.0)
    assert challenge.failure is Failure.TOO_LATE
    passed, _ = run(Visitor())
    passed.tick(200.0)
    assert passed.state is ChallengeState.PASSED and passed.failure is None


@pytest.mark.parametrize(("score", "state"), [(0.9, ChallengeState.PASSED), (0.1, ChallengeState.FAILED)])
def test_an_antispoofing_model_takes_away(score: float, state: ChallengeState) -> None:
    def shows(yaw: float, gape: float) -> Landmarks:
        return head(yaw=yaw, gape=gape, antispoof=score)

    challenge, _ = run(Visitor(shows=shows))
    assert challenge.state is state
    assert challenge.failure is (None if score > 0.5 else Failure.NOT_REAL)
