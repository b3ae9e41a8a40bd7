"""Passive liveness: what proves a face, and what is forgotten."""

from collections.abc import Callable

import numpy as np
import pytest

from server.access.liveness.passive import WINDOW_SECONDS, Passive
from server.access.seen import Landmarks
from tests.support.heads import head, noisy, sheet

Motion = Callable[[float], Landmarks]


def swing(at: float, degrees: float = 10.0) -> float:
    return degrees * float(np.sin(2 * np.pi * 0.3 * at))


def watch(proof: Passive, motion: Motion, start: float, end: float, rate: float = 10.0) -> None:
    random = np.random.default_rng(0)
    for at in np.arange(start, end, 1 / rate):
        proof.see(float(at), noisy(motion(float(at)), 0.15, random))


def proven(motion: Motion, seconds: float = 6.0, rate: float = 10.0) -> bool:
    proof = Passive()
    watch(proof, motion, 0.0, seconds, rate)
    return proof.live


@pytest.mark.parametrize("rate", [5.0, 10.0, 15.0])
def test_a_head_that_turns_a_little_is_live(rate: float) -> None:
    assert proven(lambda at: head(yaw=swing(at)), rate=rate)
    assert proven(lambda at: head(pitch=swing(at)), rate=rate)


def test_a_head_at_rest_is_not_proven() -> None:
    assert not proven(lambda at: head())


@pytest.mark.parametrize("rate", [5.0, 10.0, 15.0])
def test_prints_are_not_proven(rate: float) -> None:
    assert not proven(lambda at: sheet(across=swing(at, 5), roll=swing(at)), rate=rate)
    assert not proven(lambda at: sheet(yaw=swing(at, 40)), rate=rate)
    assert not proven(lambda at: sheet(yaw=swing(at, 20), pitch=swing(at + 1, 20)), rate=rate)
    assert not proven(lambda at: sheet(yaw=swing(at, 30), curvature=0.08), rate=rate)
    assert not proven(lambda at: sheet(curvature=swing(at, 0.08)), rate=rate)


def test_with_a_blink_less_motion_is_enough() -> None:
    def nodding(at: float, opened: float) -> Landmarks:
        return head(yaw=swing(at, 0.8), opened=opened)

    assert not proven(lambda at: nodding(at, 1.0))
    assert proven(lambda at: nodding(at, 0.15 if 3.0 <= at < 3.2 else 1.0))


def test_eyes_that_blink_behind_a_tilted_print_prove_nothing() -> None:
    proof = Passive()
    watch(proof, lambda at: sheet(yaw=swing(at, 30), opened=0.15 if 2.4 <= at < 2.6 else 1.0), 0.0, 6.0)
    assert proof.evidence.blinks == 1 and not proof.live


def test_a_gap_forgets_everything() -> None:
    proof = Passive()
    watch(proof, lambda at: head(yaw=swing(at)), 0.0, 6.0)
    assert proof.live
    watch(proof, lambda at: head(), 6.6, 6.8)
    assert not proof.live and proof.evidence.seconds < 0.3


@pytest.mark.parametrize(
    "other",
    [head(across=14), head(distance=85), head(yaw=35), sheet(yaw=30, pitch=25)],
    ids=["aside", "smaller", "turned", "print"],
)
def test_a_jump_forgets_everything(other: Landmarks) -> None:
    proof = Passive()
    watch(proof, lambda at: head(yaw=swing(at)), 0.0, 5.0)
    proof.see(5.0, other)
    assert not proof.live and proof.evidence.seconds == 0


def test_evidence_is_forgotten_with_time_and_so_is_memory_bounded() -> None:
    proof = Passive()
    watch(proof, lambda at: head(yaw=swing(at)), 0.0, 6.0)
    assert proof.live
    watch(proof, lambda at: head(), 6.0, 6.1 + WINDOW_SECONDS)
    assert not proof.live
    assert proof.evidence.seconds <= WINDOW_SECONDS


def test_two_people_in_turn_make_no_live_one() -> None:
    """Both are photos, of heads that look to different sides."""
    proof = Passive()
    watch(proof, lambda at: head(yaw=-16) if at % 2 < 1 else head(yaw=16), 0.0, 8.0)
    assert not proof.live


SCORES = [((0.9, 0.9, 0.4), True), ((0.9, 0.4), False), ((0.9, 0.2, 0.3), False), ((0.1,), False)]


@pytest.mark.parametrize(("scores", "live"), SCORES)
def test_an_antispoofing_model_takes_away(scores: tuple[float, ...], live: bool) -> None:
    proof = Passive()
    for index in range(60):
        seen = head(yaw=swing(index / 10), antispoof=scores[index % len(scores)])
        proof.see(index / 10, seen)
    assert proof.live is live


def test_an_antispoofing_model_adds_nothing() -> None:
    proof = Passive()
    for index in range(60):
        proof.see(index / 10, head(antispoof=1.0))
    assert not proof.live
