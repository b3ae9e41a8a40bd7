"""Heads that turn, and sheets of paper that do what they can."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.access.liveness.geometry import explain, shape
from server.access.seen import Landmarks
from tests.support.heads import head, noisy, sheet

ANGLES = st.floats(-30, 30)
NOISE = 0.15
"""Pixels, of a face about 130 pixels wide: 0.003 of the distance between the eyes."""


def left(mean: Landmarks, other: Landmarks) -> tuple[float, float]:
    explained = explain(shape(other.points).rigid[np.newaxis], shape(mean.points).rigid)
    return float(explained.sheet[0]), float(explained.head[0])


@given(st.floats(-200, 200), st.floats(0.5, 3), st.floats(-40, 40))
def test_place_size_and_roll_do_not_matter(across: float, scale: float, roll: float) -> None:
    plain = shape(head().points)
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    moved = shape(scale * head().points @ np.array([(cosine, sine), (-sine, cosine)]) + across)
    np.testing.assert_allclose(moved.rigid, plain.rigid, atol=1e-4)
    assert np.isclose(moved.size, scale * plain.size, rtol=1e-4)


@settings(deadline=None)
@given(ANGLES, ANGLES, st.integers(0, 1000))
def test_a_head_that_turns_is_explained_as_a_head(yaw: float, pitch: float, seed: int) -> None:
    assume(np.hypot(yaw, pitch) >= 12)
    random = np.random.default_rng(seed)
    flat, turned = left(noisy(head(), NOISE / 3, random), noisy(head(yaw, pitch), NOISE, random))
    assert turned < 0.9 * flat


@settings(deadline=None)
@given(ANGLES, ANGLES, st.integers(0, 1000))
def test_a_flat_print_is_not(yaw: float, pitch: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    flat, turned = left(noisy(sheet(), NOISE / 3, random), noisy(sheet(yaw, pitch), NOISE, random))
    assert flat < turned + 0.001


@settings(deadline=None)
@given(st.floats(-0.08, 0.1), st.floats(-0.08, 0.1), ANGLES, st.integers(0, 1000))
def test_a_print_that_is_bent_and_flexed_is_not(before: float, after: float, yaw: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    one = noisy(sheet(curvature=before), NOISE / 3, random)
    flat, turned = left(one, noisy(sheet(yaw, curvature=after), NOISE, random))
    assert flat < turned + 0.003


def test_a_head_at_rest_tells_nothing() -> None:
    flat, turned = left(head(), noisy(head(), NOISE, np.random.default_rng(1)))
    assert abs(flat - turned) < 0.002
