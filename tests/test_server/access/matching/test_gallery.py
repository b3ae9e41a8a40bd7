"""The gallery answers as a plain search over all people's templates would."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.matching import gallery as module
from server.access.matching.gallery import Gallery, Match
from server.access.matching.recogniser import DLIB, EMBEDDING_SIZE
from server.access.matching.templates import Template, distance, scaled, score, template
from tests.support.embeddings import APART, gallery, look, person, shifted

EXACT = 1e-6
"""How far a score may be from the truth."""

Photo = tuple[str, NDArray[np.float32]]


def face(seed: int, likeness: float) -> Template:
    """All faces are a little alike, so that scores are not all about 0."""
    random = np.random.default_rng(seed)
    face: Template = (random.standard_normal(EMBEDDING_SIZE) + likeness).astype(np.float32)
    return face


embeddings = st.builds(face, st.integers(0, 20), st.sampled_from([-1.0, 0.0, 0.1, 1.0]))
rows = st.lists(embeddings, min_size=1, max_size=3).map(np.array)
names = st.sampled_from(["Ada", "Bob", "Zoë", "ada", "李"])
photos = st.lists(st.tuples(names, rows), min_size=1, max_size=8)


def plain_search(enrolled: list[Photo], probe: Template) -> dict[str, float]:
    """The score with each person."""
    found = {}
    for name in {name for name, _ in enrolled}:
        reference = template(np.concatenate([rows for other, rows in enrolled if other == name]))
        found[name] = score(reference, probe, DLIB.exponent)
    return found


def told(match: Match | None) -> Match | None:
    """The match, with distances rounded."""
    if match is None:
        return None
    runner_up = None if match.runner_up is None else round(match.runner_up, 5)
    return match._replace(distance=round(match.distance, 5), runner_up=runner_up)


def score_of(distance: float | None) -> float:
    assert distance is not None
    return 1 - distance**2 / 2


@given(photos, embeddings)
def test_match_is_that_of_a_plain_search(enrolled: list[Photo], probe: Template) -> None:
    probe = template(probe[None])
    expected = plain_search(enrolled, probe)
    known = Gallery.build(DLIB, 1, enrolled)
    match = known.match(probe)
    nearest, *others = sorted(expected.values(), reverse=True)
    assert match is not None
    assert score_of(match.distance) == pytest.approx(nearest, abs=EXACT)
    assert expected[match.name] == pytest.approx(nearest, abs=EXACT)
    assert match.photos == sum(name == match.name for name, _ in enrolled)
    if others:
        assert score_of(match.runner_up) == pytest.approx(others[0], abs=EXACT)
    else:
        assert match.runner_up is None
    for name, wanted in expected.items():
        assert score_of(known.distance_to(name, probe)) == pytest.approx(wanted, abs=EXACT)


def test_a_person_s_template_is_made_of_all_rows_of_all_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 3)
    random = np.random.default_rng(3)
    people = {
        f"p{at}": [random.normal(size=(1 + n % 2, EMBEDDING_SIZE)).astype(np.float32) for n in range(at + 1)]
        for at in range(8)
    }
    built = Gallery.build(DLIB, 1, [(name, photo) for name, own in people.items() for photo in own])
    for at, own in enumerate(people.values()):
        np.testing.assert_allclose(
            built.templates[at], scaled(template(np.concatenate(own)), DLIB.exponent), atol=1e-7
        )
    assert built.counts.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@given(photos, embeddings, st.integers(1, 6))
def test_the_nearest_are_those_of_a_plain_search_and_begin_as_the_match(
    enrolled: list[Photo], probe: Template, most: int
) -> None:
    probe = template(probe[None])
    expected = plain_search(enrolled, probe)
    known = Gallery.build(DLIB, 1, enrolled)
    match, nearest = known.match(probe), known.nearest(probe, most)
    assert match is not None and nearest[0] == (match.name, match.distance)
    if len(nearest) > 1:
        assert nearest[1][1] == match.runner_up
    assert len({name for name, _ in nearest}) == len(nearest) == min(most, len(expected))
    assert [apart for _, apart in nearest] == sorted(apart for _, apart in nearest)
    scores = sorted(expected.values(), reverse=True)
    for (name, apart), wanted in zip(nearest, scores, strict=False):
        assert score_of(apart) == pytest.approx(wanted, abs=EXACT)
        assert expected[name] == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize("spread", [1e-5, 1e-4, 1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_people_who_are_all_but_equally_near_are_told_apart(spread: float, seed: int) -> None:
    """Where scores in single precision say nothing any more."""
    random = np.random.default_rng(seed)
    probe = template(random.normal(0, 0.12, (1, EMBEDDING_SIZE)).astype(np.float32))
    near = (probe + random.normal(0, spread, (300, EMBEDDING_SIZE))).astype(np.float32)
    known = Gallery.build(DLIB, 1, [(f"p{number:03}", row[None]) for number, row in enumerate(near)])
    scores = known.templates.astype(np.float64) @ scaled(probe, DLIB.exponent).astype(np.float64)
    second, first = np.argsort(scores)[-2:]
    match, nearest = known.match(probe), known.nearest(probe, 5)
    assert [name for name, _ in nearest] == [f"p{at:03}" for at in np.argsort(-scores, kind="stable")[:5]]
    assert match is not None and match.name == f"p{first:03}"
    assert [apart for _, apart in nearest[:2]] == [match.distance, match.runner_up]
    assert score_of(match.distance) == pytest.approx(min(1.0, scores[first]), abs=1e-12)
    assert score_of(match.runner_up) == pytest.approx(min(1.0, scores[second]), abs=1e-12)


def test_a_row_without_a_direction_is_refused() -> None:
    nothing = np.zeros((1, EMBEDDING_SIZE), np.float32)
    for bad in (nothing, nothing + np.float32("nan"), nothing + np.float32("inf")):
        with pytest.raises(ValueError, match="direction"):
            Gallery.build(DLIB, 1, [("Ada", person(0)[None]), ("Bob", bad)])


def test_photos_that_cancel_out_are_like_nobody() -> None:
    known = gallery({"Ada": [person(0), -person(0)], "Bob": look(1, 0.25)})
    assert told(known.match(person(1))) == ("Bob", 0.25, round(APART, 5), 1)


def test_one_picture_under_two_names_goes_to_the_first_with_the_other_as_near() -> None:
    known = gallery({"Cy": person(1), "Bob": look(0, 0.25), "Ada": look(0, 0.25)})
    assert told(known.match(person(0))) == ("Ada", 0.25, 0.25, 1)
    assert [name for name, _ in known.nearest(person(0), 3)] == ["Ada", "Bob", "Cy"]


@given(photos, st.randoms(use_true_random=False))
def test_the_order_of_photos_does_not_matter(enrolled: list[Photo], random: Random) -> None:
    shuffled = list(enrolled)
    random.shuffle(shuffled)
    one, other = Gallery.build(DLIB, 1, enrolled), Gallery.build(DLIB, 1, shuffled)
    assert (one.people, one.counts.tolist()) == (other.people, other.counts.tolist())


@given(photos)
def test_exactly_those_with_a_photo_are_in_it(enrolled: list[Photo]) -> None:
    built = Gallery.build(DLIB, 1, enrolled)
    present = [name for name, _ in enrolled]
    assert list(built.people) == sorted(set(present))
    for name in [*present, "", "Ad", "Adam", "Zz", "zzz", "龍"]:
        assert (name in built) == (name in present)
        assert built.photos_of(name) == present.count(name)
        assert (built.distance_to(name, person(0)) is None) == (name not in present)
    assert built.photos == len(enrolled)


def test_the_nearest_of_a_person_s_photos_is_not_all_that_counts() -> None:
    known = gallery({"Ada": [person(0), person(1)], "Bob": look(0, 0.5)})
    assert told(known.match(person(0))) == ("Bob", 0.5, round(distance(0.5 / 0.5**0.25), 5), 1)


def test_the_only_person_has_no_runner_up() -> None:
    assert told(gallery({"Ada": [person(0), person(0)]}).match(person(0))) == ("Ada", 0.0, None, 2)


def test_shifted_looks_are_at_their_distance() -> None:
    for away in (0.0, 0.25, -0.25, 0.5, 1.0):
        seen = shifted(shifted(person(0), 0.3, 1), away)
        assert distance(score(shifted(person(0), 0.3, 1), seen, DLIB.exponent)) == pytest.approx(
            abs(away), abs=1e-3
        )
        assert np.linalg.norm(seen) == pytest.approx(1.0)
    known = gallery({"Ada": person(0), "Bob": person(1)})
    assert told(known.match(look(1, 0.5))) == ("Bob", 0.5, round(APART, 5), 1)


def test_nobody_matches_nobody() -> None:
    empty = Gallery.build(DLIB, 0, ())
    assert empty.match(person(0)) is None and empty.nearest(person(0), 5) == []
    assert empty.distance_to("Ada", person(0)) is None
    assert "Ada" not in empty and empty.photos_of("Ada") == 0
    assert (empty.version, empty.photos, empty.people) == (0, 0, ())


def test_a_hundred_thousand_people() -> None:
    number = 100_000
    rows = np.random.default_rng(1).standard_normal((number, EMBEDDING_SIZE), np.float32)
    crowd = Gallery.build(DLIB, 3, ((f"p{at:06}", row[None]) for at, row in enumerate(rows)))
    assert crowd.templates.shape == (number, EMBEDDING_SIZE) and crowd.templates.dtype == np.float32
    match = crowd.match(template(rows[54_321:54_322]))
    unit = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    others = np.delete(unit @ unit[54_321], 54_321)
    assert match is not None and match.name == "p054321"
    assert match.distance == pytest.approx(0.0, abs=1e-3)
    assert match.runner_up == pytest.approx(distance(float(others.max())), abs=EXACT)
    assert "p099999" in crowd and "p100000" not in crowd
