"""What several embeddings say together, and how alike two such are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.matching.templates import distance, scaled, score, score_at, template

Rows = NDArray[np.float32]


def rows(seed: int, count: int) -> Rows:
    return np.random.default_rng(seed).normal(size=(count, 128)).astype(np.float32)


def unit(row: Rows) -> Rows:
    return np.asarray(row / np.linalg.norm(row), np.float32)


faces = st.builds(rows, st.integers(0, 999), st.integers(1, 6))


@given(faces)
def test_a_template_is_the_mean_of_directions(embeddings: Rows) -> None:
    expected = np.mean([unit(row) for row in embeddings], axis=0)
    found = template(embeddings)
    assert found.dtype == np.float32 and found.shape == (128,)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(template(embeddings * 3), found, atol=1e-6)
    assert np.linalg.norm(found) <= 1 + 1e-6


@given(faces)
def test_the_order_of_rows_says_nothing(embeddings: Rows) -> None:
    np.testing.assert_allclose(template(embeddings[::-1]), template(embeddings), atol=1e-6)


@given(faces, faces, st.sampled_from([0.5, 1.0]))
def test_score_is_symmetric_bounded_and_as_defined(one: Rows, other: Rows, exponent: float) -> None:
    reference, probe = template(one), template(other)
    norms = float(np.linalg.norm(reference) * np.linalg.norm(probe))
    found = score(reference, probe, exponent)
    assert found == pytest.approx(float(reference @ probe) / norms**exponent, abs=1e-5)
    assert found == pytest.approx(score(probe, reference, exponent), abs=1e-6)
    assert -1 - 1e-5 <= found <= 1 + 1e-5
    assert float(scaled(reference, exponent) @ scaled(probe, exponent)) == pytest.approx(found, abs=1e-6)


def test_one_photo_and_one_frame_are_as_far_apart_as_their_directions() -> None:
    one, other = rows(1, 1), rows(2, 1)
    apart = distance(score(template(one), template(other), 0.5))
    assert apart == pytest.approx(float(np.linalg.norm(unit(one[0]) - unit(other[0]))), abs=1e-5)


def test_looks_that_disagree_are_worth_less_than_looks_that_agree() -> None:
    """The same mean direction: the shorter mean of the differing looks scores lower, by the root of its
    norm."""
    side = np.zeros(128, np.float32)
    side[1] = 1
    ahead = np.eye(1, 128, dtype=np.float32)
    differing = np.concatenate([ahead + side, ahead - side])
    assert score(template(ahead), template(ahead), 0.5) == pytest.approx(1)
    assert score(template(ahead), template(differing), 0.5) == pytest.approx(0.5**0.25)
    assert score(template(differing), template(differing), 0.5) == pytest.approx(0.5**0.5)


@given(st.floats(0, 2))
def test_distances_are_scores_and_back(apart: float) -> None:
    assert distance(score_at(apart)) == pytest.approx(apart, abs=1e-7)


def test_distance_of_the_same_is_zero_whatever_rounding_did() -> None:
    assert distance(1.0) == distance(1.0 + 1e-7) == 0.0
    assert distance(0.0) == pytest.approx(math.sqrt(2))
    assert distance(-1.0) == 2.0


@pytest.mark.parametrize(
    "embeddings",
    [
        np.zeros((0, 128)),
        np.ones(128),
        np.ones((2, 127)),
        np.zeros((1, 128)),
        np.full((1, 128), np.nan),
        np.full((1, 128), np.inf),
    ],
)
def test_rows_without_a_direction_make_no_template(embeddings: Rows) -> None:
    with pytest.raises(ValueError, match="embedding"):
        template(embeddings)


def test_a_template_that_cancels_out_has_no_direction() -> None:
    one = rows(3, 1)
    with pytest.raises(ValueError, match="direction"):
        scaled(template(np.concatenate([one, -one])), 0.5)
