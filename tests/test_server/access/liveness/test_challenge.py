"""People who do as they are asked, people who do not, and prints that are turned as asked."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from server.access.liveness.challenge import (
    NEUTRAL_SECONDS,
    OTHERS,
    STEP_SECONDS,
    STEPS,
    TURNS,
    Challenge,
    ChallengeState,
    Failure,
    plan,
)
from server.access.seen import Landmarks
from tests.support.heads import head, noisy, sheet
from wire.reasons import Prompt

REACTION, SPEED = 0.5, 70.0
"""Seconds, and degrees per second."""
SIGNS = {Prompt.TURN_LEFT: 1, Prompt.TURN_RIGHT: -1}


@dataclass
class Visitor:
    """Does what is asked, `REACTION` seconds later. `angle`: how far a turn goes, `sign`: -1 turns the wrong
    way, `shows`: what is seen of a yaw, a distance and open eyes."""

    angle: float = 32.0
    sign: int = 1
    reaction: float = REACTION
    speed: float = SPEED
    ignored: tuple[Prompt, ...] = ()
    shows: Callable[[float, float, float], Landmarks] = lambda yaw, distance, opened: head(
        yaw=yaw, distance=distance, opened=opened
    )
    yaw: float = 0.0
    distance: float = 60.0
    asked: list[tuple[float, Prompt]] = field(default_factory=list)

    def see(self, prompt: Prompt, at: float, passed: float) -> Landmarks:
        if not self.asked or self.asked[-1][1] is not prompt:
            self.asked.append((at, prompt))
        heard = [(since, each) for since, each in self.asked if at - since >= self.reaction]
        since, wanted = heard[-1] if heard else (0.0, Prompt.LOOK_AT_CAMERA)
        wanted = Prompt.LOOK_AT_CAMERA if wanted in self.ignored else wanted
        goal = SIGNS.get(wanted, 0) * self.angle * self.sign
        step = self.speed * passed
        self.yaw += float(np.clip(goal - self.yaw, -step, step))
        near = 45.0 if wanted is Prompt.COME_CLOSER else 60.0
        self.distance += float(np.clip(near - self.distance, -25 * passed, 25 * passed))
        blinking = wanted is Prompt.BLINK and 0.2 <= (at - since - self.reaction) % 1 < 0.5
        return self.shows(self.yaw, self.distance, 0.15 if blinking else 1.0)


def run(visitor: Visitor, seed: int = 0, rate: float = 10.0, noise: float = 0.15) -> Challenge:
    """Until it is over."""
    challenge, at, source = Challenge(random.Random(seed), 0.0), 0.0, np.random.default_rng(seed)
    while challenge.state is ChallengeState.RUNNING:
        at += 1 / rate
        seen = visitor.see(challenge.prompt, at, 1 / rate)
        challenge.see(at, noisy(seen, noise, source))
    return challenge


def begun(step: Prompt) -> tuple[Challenge, Visitor, float]:
    """A challenge that has just asked for `step`, as its first; its visitor, and the time."""
    for seed in range(100):
        if plan(random.Random(seed))[0] is step:
            challenge, visitor, at = Challenge(random.Random(seed), 0.0), Visitor(), 0.0
            while challenge.prompt is not step:
                at += 0.1
                challenge.see(at, visitor.see(challenge.prompt, at, 0.1))
            return challenge, visitor, at
    raise AssertionError(step)


def feed(challenge: Challenge, at: float, *yaws: float) -> float:
    """A head at these yaws, every 0.1 seconds after `at`."""
    for yaw in yaws:
        at += 0.1
        challenge.see(at, head(yaw=yaw))
    return at


def test_plans_have_two_turns_and_nothing_twice_in_a_row() -> None:
    plans = {tuple(plan(random.Random(seed))) for seed in range(500)}
    for steps in plans:
        assert len(steps) == STEPS
        assert sum(step in TURNS for step in steps) == 2
        assert all(one is not other for one, other in itertools.pairwise(steps))
    assert {step for steps in plans for step in steps} == {*TURNS, *OTHERS}
    assert len(plans) == 16


@pytest.mark.parametrize("rate", [5.0, 8.0, 10.0, 15.0])
def test_whoever_does_as_asked_passes(rate: float) -> None:
    for seed in range(12):
        challenge = run(Visitor(), seed, rate)
        assert challenge.state is ChallengeState.PASSED, (seed, challenge.failure, challenge.prompt)


def test_the_prompt_asks_for_the_camera_before_each_step() -> None:
    visitor = Visitor()
    run(visitor, seed=1)
    prompts = [prompt for _, prompt in visitor.asked]
    assert prompts == [each for step in plan(random.Random(1)) for each in (Prompt.LOOK_AT_CAMERA, step)]


@pytest.mark.parametrize("step", [*TURNS, *OTHERS])
def test_a_step_that_is_not_done_fails_at_its_deadline(step: Prompt) -> None:
    challenge, _, at = begun(step)
    assert challenge.seconds_left(at) == STEP_SECONDS
    feed(challenge, at, *[0.0] * 49)
    assert challenge.state is ChallengeState.RUNNING and challenge.prompt is step
    feed(challenge, at + 4.9, 0.0, 0.0)
    assert challenge.failure is Failure.TOO_LATE


def test_whoever_never_rests_is_not_asked_anything() -> None:
    challenge = Challenge(random.Random(0), 0.0)
    at = 0.0
    while challenge.state is ChallengeState.RUNNING:
        at = feed(challenge, at, 16 * np.sin(10 * at))
        assert challenge.prompt is Prompt.LOOK_AT_CAMERA
    assert challenge.failure is Failure.TOO_LATE
    assert at == pytest.approx(NEUTRAL_SECONDS, abs=0.2)


def test_time_passes_without_a_face() -> None:
    challenge = Challenge(random.Random(0), 0.0)
    challenge.tick(NEUTRAL_SECONDS - 0.1)
    assert challenge.state is ChallengeState.RUNNING
    challenge.tick(NEUTRAL_SECONDS + 0.1)
    assert challenge.failure is Failure.TOO_LATE


def test_a_turn_the_wrong_way_fails() -> None:
    assert run(Visitor(sign=-1)).failure is Failure.WRONG_WAY
    challenge, _, at = begun(Prompt.TURN_LEFT)
    feed(challenge, at, 0, 0, 0, -5, -10, -14, -8, 0, 10, 20, 25, 25)
    assert challenge.failure is Failure.WRONG_WAY


def test_a_turn_that_was_under_way_already_fails() -> None:
    challenge, _, at = begun(Prompt.TURN_LEFT)
    feed(challenge, at, 12, 24)
    assert challenge.failure is Failure.TOO_SOON


def test_a_turn_faster_than_heads_turn_is_another_head() -> None:
    challenge, _, at = begun(Prompt.TURN_LEFT)
    feed(challenge, at, 0, 0, 0, 0, 35)
    assert challenge.failure is Failure.INTERRUPTED


@pytest.mark.parametrize("angle", [10.0, 17.0])
def test_a_turn_that_is_too_small_fails(angle: float) -> None:
    assert run(Visitor(angle=angle)).failure is Failure.TOO_LATE


def test_a_turn_must_be_held() -> None:
    challenge, _, at = begun(Prompt.TURN_RIGHT)
    at = feed(challenge, at, 0, 0, 0, -10, -18, -22, -15, -5)
    assert challenge.prompt in TURNS
    feed(challenge, at, -10, -18, -22, -23)
    assert challenge.prompt is Prompt.LOOK_AT_CAMERA


def test_the_next_step_waits_for_a_head_that_looks_ahead_again() -> None:
    challenge, _, at = begun(Prompt.TURN_RIGHT)
    at = feed(challenge, at, 0, 0, 0, -10, -18, -22, -23, *[-22] * 10)
    assert challenge.prompt is Prompt.LOOK_AT_CAMERA
    feed(challenge, at, -15, -8, -2, 0, 0, 0, 0, 0)
    assert challenge.prompt is not Prompt.LOOK_AT_CAMERA


@pytest.mark.parametrize("curvature", [0.0, 0.06, 0.1, -0.06])
def test_a_print_that_is_turned_as_asked_is_flat(curvature: float) -> None:
    """Even when it is taken for a head that turns as far."""

    def shows(yaw: float, distance: float, opened: float) -> Landmarks:
        return sheet(yaw=yaw, distance=distance, curvature=curvature, claimed=yaw)

    for seed in range(100):
        if plan(random.Random(seed))[0] in TURNS:
            assert run(Visitor(shows=shows, angle=40), seed).failure is Failure.FLAT
            return


def test_a_blink_that_was_not_asked_for_does_not_count() -> None:
    challenge, _, at = begun(Prompt.BLINK)
    for _ in range(2):
        at += 0.1
        challenge.see(at, head(opened=0.15))
    feed(challenge, at, *[0.0] * 10)
    assert challenge.prompt is Prompt.BLINK


def test_who_is_near_already_must_come_nearer() -> None:
    seed = _seed(Prompt.COME_CLOSER)
    assert run(Visitor(ignored=(Prompt.COME_CLOSER,)), seed).failure is Failure.TOO_LATE
    assert run(Visitor(), seed).state is ChallengeState.PASSED


def test_who_comes_closer_before_that_is_asked_must_still_be_near_afterwards() -> None:
    challenge, _, at = begun(Prompt.COME_CLOSER)
    for passed, distance in ((0.1, 53.0), (0.2, 46.0), (0.3, 46.0)):
        challenge.see(at + passed, head(distance=distance))
    assert challenge.prompt is Prompt.COME_CLOSER
    challenge.see(at + 0.4, head(distance=46.0))
    assert challenge.prompt is not Prompt.COME_CLOSER


def _seed(step: Prompt) -> int:
    return next(seed for seed in range(100) if step in plan(random.Random(seed)))


@pytest.mark.parametrize(
    "other", [head(across=15), head(distance=100), head(yaw=40)], ids=["aside", "smaller", "turned"]
)
def test_a_jump_ends_it(other: Landmarks) -> None:
    challenge, _, at = begun(Prompt.TURN_LEFT)
    challenge.see(at + 0.1, other)
    assert challenge.failure is Failure.INTERRUPTED


def test_a_gap_ends_it() -> None:
    challenge, _, at = begun(Prompt.TURN_LEFT)
    challenge.tick(at + 0.45)
    assert challenge.state is ChallengeState.RUNNING
    challenge.tick(at + 0.55)
    assert challenge.failure is Failure.INTERRUPTED


def test_what_is_over_stays_as_it_is() -> None:
    challenge = run(Visitor(sign=-1))
    feed(challenge, 100.0, 0.0)
    challenge.tick(200.0)
    assert challenge.failure is Failure.WRONG_WAY
    passed = run(Visitor())
    passed.tick(200.0)
    assert passed.state is ChallengeState.PASSED and passed.failure is None


@pytest.mark.parametrize(("score", "state"), [(0.9, ChallengeState.PASSED), (0.1, ChallengeState.FAILED)])
def test_an_antispoofing_model_takes_away(score: float, state: ChallengeState) -> None:
    def shows(yaw: float, distance: float, opened: float) -> Landmarks:
        return head(yaw=yaw, distance=distance, opened=opened, antispoof=score)

    challenge = run(Visitor(shows=shows))
    assert challenge.state is state
    assert challenge.failure is (None if score > 0.5 else Failure.NOT_REAL)
