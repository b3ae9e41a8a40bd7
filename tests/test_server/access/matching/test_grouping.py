"""Which faces are the same: as a plain average linkage would say, in whatever order they come."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.matching.grouping import same_faces
from server.access.matching.recogniser import DLIB, SFACE, Recogniser
from server.access.matching.templates import scaled, score_at, template
from tests.support.embeddings import look, person
from tests.support.photos import DATA

Rows = NDArray[np.float32]


def crowd(seed: int, people: int, visits: int, spread: float) -> Rows:
    """Visits of people, some of whom look alike."""
    random = np.random.default_rng(seed)
    faces = random.normal(size=(people, 6)) @ random.normal(size=(6, 128))
    rows = faces[random.integers(0, people, visits)] + spread * random.normal(size=(visits, 128))
    return np.stack([template(row[None].astype(np.float32)) for row in rows])


def plain(rows: Rows, recogniser: Recogniser) -> list[list[int]]:
    """Average linkage, the nearest two at a time."""
    scaled_rows = [scaled(row, recogniser.exponent).astype(np.float64) for row in rows]
    scores = np.array(scaled_rows) @ np.array(scaled_rows).T
    groups = [[at] for at in range(len(rows))]
    while len(groups) > 1:
        best, pair = max(
            (float(scores[np.ix_(one, other)].mean()), (at, to))
            for (at, one), (to, other) in combinations(enumerate(groups), 2)
        )
        if best < score_at(recogniser.misplaced):
            break
        groups[pair[0]] += groups.pop(pair[1])
    return sorted(sorted(group) for group in groups)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 14), st.sampled_from([0.3, 1.0, 1.6, 2.2]))
def test_groups_are_those_of_a_plain_average_linkage(
    seed: int, people: int, visits: int, spread: float
) -> None:
    rows = crowd(seed, people, visits, spread)
    assert sorted(same_faces(rows, SFACE)) == plain(rows, SFACE)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([SFACE, DLIB]))
def test_the_order_of_the_visits_makes_no_difference(seed: int, recogniser: Recogniser) -> None:
    rows = crowd(seed, 12, 60, 1.6)
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = same_faces(rows[order], recogniser)
    back = sorted(sorted(int(order[at]) for at in group) for group in shuffled)
    assert back == sorted(same_faces(rows, recogniser))


def test_large_groups_come_first_and_then_those_seen_first() -> None:
    seen = [0, 1, 2, 1, 3, 2, 1]
    rows = np.stack([look(who, 0.1, at) for at, who in enumerate(seen)])
    assert same_faces(rows, SFACE) == [[1, 3, 6], [2, 5], [0], [4]]


def test_the_limit_is_that_of_a_photo_under_another_name() -> None:
    for away, groups in ((SFACE.misplaced - 0.01, 1), (SFACE.misplaced + 0.01, 2)):
        assert len(same_faces(np.stack([person(0), look(0, away)]), SFACE)) == groups


def test_a_chain_of_likenesses_is_not_one_face() -> None:
    """Each is near enough to the next one, and the first is far from the last."""
    angles = np.arange(7) * 0.8
    rows = np.zeros((7, 128), np.float32)
    rows[:, 0], rows[:, 1] = np.cos(angles), np.sin(angles)
    groups = same_faces(rows, SFACE)
    assert len(groups) >= 3 and max(len(group) for group in groups) <= 3


def test_the_very_same_visit_again_and_again_is_one_face() -> None:
    assert same_faces(np.stack([person(0)] * 50 + [person(1)] * 3), SFACE) == [
        list(range(50)),
        [50, 51, 52],
    ]


def test_nobody_is_no_group_and_one_is_one() -> None:
    assert same_faces(np.empty((0, 128), np.float32), SFACE) == []
    assert same_faces(person(0)[None], SFACE) == [[0]]


@pytest.mark.skipif(not DATA.exists(), reason="needs the shared embeddings")
def test_of_real_people_hardly_two_are_taken_for_one_and_most_are_found_again() -> None:
    with np.load(DATA / "lfw_embeddings.npz") as file:
        identity, photos = file["identity"], file["sface"][:, 0].astype(np.float32)
    chosen = np.concatenate([np.flatnonzero(identity == who)[:4] for who in np.unique(identity)[1::4]])
    rows, people = np.stack([template(row[None]) for row in photos[chosen]]), identity[chosen]
    groups = [people[group] for group in same_faces(rows, SFACE)]
    impure = [group for group in groups if len(np.unique(group)) > 1]
    several = {int(who) for who in np.unique(people) if (people == who).sum() > 1}
    again = {int(who) for group in groups for who in several if (group == who).sum() > 1}
    assert len(chosen) > 1000 and len(impure) <= 3
    assert len(again) >= 0.94 * len(several)
