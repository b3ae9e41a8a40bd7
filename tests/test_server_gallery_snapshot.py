"""The gallery answers as a plain search over all photos would."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from server.gallery.snapshot import EMPTY, Gallery
from server.vision.analysis import EMBEDDING_SIZE, Embedding
from tests.support.embeddings import axis, gallery, look, person, shifted

EXACT = 1e-5
"""How far a distance may be from the truth in double precision."""

embeddings = arrays(np.float32, EMBEDDING_SIZE, elements=st.floats(-0.25, 0.25, width=32))
photos = st.lists(
    st.tuples(st.sampled_from(["Ada", "Bob", "Zoë", "ada", "李"]), embeddings), min_size=1, max_size=8
)


def brute_force(enrolled: list[tuple[str, Embedding]], probe: Embedding) -> dict[str, float]:
    distances: dict[str, float] = {}
    for name, embedding in enrolled:
        distance = float(np.linalg.norm(embedding.astype(float) - probe.astype(float)))
        distances[name] = min(distance, distances.get(name, np.inf))
    return distances


@given(photos, embeddings)
def test_match_is_that_of_a_plain_search(enrolled: list[tuple[str, Embedding]], probe: Embedding) -> None:
    match = Gallery.build(1, enrolled).match(probe)
    expected = brute_force(enrolled, probe)
    nearest, *others = sorted(expected.values())
    assert match is not None
    assert match.distance == pytest.approx(nearest, abs=EXACT)
    assert expected[match.name] == pytest.approx(nearest, abs=EXACT)
    assert match.runner_up == (pytest.approx(others[0], abs=EXACT) if others else None)


@pytest.mark.parametrize("spread", [1e-5, 1e-4, 1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_people_who_are_all_but_equally_near_are_told_apart(spread: float, seed: int) -> None:
    """Where |g|^2 - 2 g.p + |p|^2 in single precision says nothing any more."""
    random = np.random.default_rng(seed)
    probe = random.normal(0, 0.12, EMBEDDING_SIZE).astype(np.float32)
    near = probe + random.normal(0, spread, (300, EMBEDDING_SIZE)).astype(np.float32)
    enrolled = [(f"p{number // 3:03}", row) for number, row in enumerate(near)]
    expected = brute_force(enrolled, probe)
    nearest, runner_up, *_ = sorted(expected.values())
    match = Gallery.build(1, enrolled).match(probe)
    assert match is not None
    assert match.name == min(expected, key=expected.__getitem__)
    assert (match.distance, match.runner_up) == pytest.approx((nearest, runner_up), abs=EXACT, rel=1e-6)


def test_one_picture_under_two_names_goes_to_the_first_with_the_other_as_near() -> None:
    known = gallery({"Cy": person(1), "Bob": look(0, 0.25), "Ada": look(0, 0.25)})
    assert known.match(person(0)) == ("Ada", 0.25, 0.25)


@given(photos, st.randoms(use_true_random=False))
def test_the_order_of_photos_does_not_matter(enrolled: list[tuple[str, Embedding]], random: Random) -> None:
    shuffled = list(enrolled)
    random.shuffle(shuffled)
    one, other = Gallery.build(1, enrolled), Gallery.build(1, shuffled)
    assert (one.people, one.starts.tolist()) == (other.people, other.starts.tolist())


@given(photos)
def test_exactly_those_with_a_photo_are_in_it(enrolled: list[tuple[str, Embedding]]) -> None:
    built = Gallery.build(1, enrolled)
    names = {name for name, _ in enrolled}
    assert set(built.people) == names and list(built.people) == sorted(names)
    assert all(name in built for name in names)
    assert not any(name in built for name in ["", "Ad", "Adam", "Zz", "zzz", "龍"])
    assert built.photos == len(enrolled)


def test_the_runner_up_is_another_person() -> None:
    known = gallery({"Ada": [look(0, 0.25), look(0, 0.5)], "Bob": shifted(person(0), 1.0)})
    match = known.match(person(0))
    assert match == ("Ada", 0.25, 1.0)


def test_the_nearest_of_several_photos_counts() -> None:
    known = gallery({"Ada": [axis(5), person(0), axis(6)], "Bob": [axis(7), look(0, 0.5), axis(8)]})
    assert known.match(look(0, 0.25)) == ("Ada", 0.25, 0.25)
    assert known.match(look(0, 0.5)) == ("Bob", 0.0, 0.5)


def test_the_only_person_has_no_runner_up() -> None:
    assert gallery({"Ada": [person(0), person(1)]}).match(person(0)) == ("Ada", 0.0, None)


def test_the_same_picture_is_at_distance_nought() -> None:
    embedding = np.full(EMBEDDING_SIZE, 0.1, np.float32)
    match = gallery({"Ada": embedding}).match(embedding)
    assert match == ("Ada", 0.0, None)


def test_nobody_matches_nobody() -> None:
    assert EMPTY.match(person(0)) is None
    assert "Ada" not in EMPTY
    assert (EMPTY.version, EMPTY.photos, EMPTY.people) == (0, 0, ())


def test_a_hundred_thousand_people() -> None:
    number = 100_000
    rows = np.random.default_rng(1).standard_normal((number, EMBEDDING_SIZE)).astype(np.float32) / 10
    crowd = Gallery.build(3, ((f"p{at:06}", row) for at, row in enumerate(rows)))
    assert crowd.embeddings.shape == (number, EMBEDDING_SIZE) and crowd.embeddings.dtype == np.float32
    assert crowd.squares.shape == crowd.starts.shape == (number,)
    match = crowd.match(rows[54_321])
    distances = np.linalg.norm(rows.astype(float) - rows[54_321], axis=1)
    assert match is not None and (match.name, match.distance) == ("p054321", 0.0)
    assert match.runner_up == pytest.approx(np.partition(distances, 1)[1], abs=EXACT)
    assert "p099999" in crowd and "p100000" not in crowd
