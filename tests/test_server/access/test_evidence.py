"""How looks become a name: every rule at its boundary, and what no evidence can ever do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.evidence import Identity, Look, Recognition, compare, judge, mean_embedding, recent
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import Embedding
from server.access.matching.templates import template
from server.access.rules import Rules
from tests.support.embeddings import axis, face, gallery, look, person, shifted, stranger
from tests.support.rules import rules as rules_with
from wire.reasons import Reason

ADA, BOB = 0, 1
PEOPLE = gallery({"Ada": person(ADA), "Bob": person(BOB)})
RULES = rules_with(threshold=0.5, margin=0.0625, contradiction=0.75)
"""Fractions of two, so that distances are exact at the boundaries."""
RELATED = gallery({"Ada": person(ADA), "Cousin": shifted(person(ADA), 0.5)})
ADA_SEEN, COUSIN_SEEN = person(ADA), shifted(person(ADA), 0.5)
NOW = 100.0

distances = st.floats(0, 0.375, width=32)
directions = st.integers(0, 63)


def looks(
    embeddings: Sequence[Embedding], known: Gallery = PEOPLE, times: Sequence[float] = ()
) -> list[Look]:
    moments = times or [NOW] * len(embeddings)
    return [Look.take(at, face(embedding), known) for at, embedding in zip(moments, embeddings, strict=True)]


def standing(
    embeddings: Sequence[Embedding],
    *,
    known: Gallery = PEOPLE,
    rules: Rules = RULES,
    times: Sequence[float] = (),
    looked_for: float = 0.0,
    total: int | None = None,
) -> Recognition:
    number = len(embeddings) if total is None else total
    window = recent(looks(embeddings, known, times), NOW, rules)
    return judge(window, compare(window, known), known.population, looked_for, number, rules)


def test_three_agreeing_looks_name_a_person() -> None:
    found = standing([look(ADA, 0.25)] * 3)
    assert (found.identity, found.name, found.reason) == (Identity.RECOGNISED, "Ada", Reason.RECOGNISED)
    assert found.match is not None and found.match.distance == 0.25


@pytest.mark.parametrize("frames", [2, 3, 4, 5])
def test_one_look_less_than_needed_names_nobody(frames: int) -> None:
    rules = replace(RULES, looks=frames)
    enough, too_few = [look(ADA, 0.0)] * frames, [look(ADA, 0.0)] * (frames - 1)
    assert standing(enough, rules=rules).name == "Ada"
    found = standing(too_few, rules=rules)
    assert (found.identity, found.name, found.reason) == (Identity.GATHERING, None, Reason.TOO_FEW_LOOKS)


@pytest.mark.parametrize(("distance", "name"), [(0.5, "Ada"), (0.5078125, None)])
def test_the_threshold_is_inclusive(distance: float, name: str | None) -> None:
    found = standing([look(ADA, distance)] * 3)
    assert found.name == name
    assert name is not None or found.reason is Reason.UNKNOWN_FACE


@pytest.mark.parametrize(("farther", "name"), [(0.0635, "Ada"), (0.0615, None)])
def test_the_margin_separates(farther: float, name: str | None) -> None:
    twin = shifted(look(ADA, 0.25), 0.25 + farther, direction=1)
    known = gallery({"Ada": person(ADA), "Twin": twin})
    found = standing([look(ADA, 0.25)] * 3, known=known)
    assert found.match is not None and found.match.runner_up == pytest.approx(0.25 + farther, abs=1e-4)
    assert found.name == name
    assert name is not None or found.reason is Reason.NEAR_TIE


def test_a_tie_names_nobody() -> None:
    known = gallery({"Ada": person(ADA), "Bob": person(ADA)})
    found = standing([look(ADA, 0.25)] * 5, known=known)
    assert (found.identity, found.name, found.reason) == (Identity.GATHERING, None, Reason.NEAR_TIE)


def test_several_photos_of_one_person_are_no_tie() -> None:
    known = gallery({"Ada": [person(ADA), person(ADA)], "Bob": person(BOB)})
    assert standing([look(ADA, 0.25)] * 3, known=known).name == "Ada"


@pytest.mark.parametrize(("distance", "name"), [(0.75, "Ada"), (0.7578125, None)])
def test_a_look_agrees_up_to_the_contradiction(distance: float, name: str | None) -> None:
    """Two good looks and one poor one; the poor one is needed."""
    found = standing([look(ADA, distance), look(ADA, 0.0), look(ADA, 0.0)])
    assert found.name == name
    assert name is not None or found.reason is Reason.TOO_FEW_LOOKS


def test_the_newest_look_must_agree() -> None:
    agreeing, poor = look(ADA, 0.0), look(ADA, 0.875)
    assert standing([poor, agreeing, agreeing, agreeing]).name == "Ada"
    found = standing([agreeing, agreeing, agreeing, poor])
    assert (found.name, found.reason) == (None, Reason.TOO_FEW_LOOKS)


def test_one_look_at_somebody_else_is_a_disagreement() -> None:
    found = standing([ADA_SEEN, COUSIN_SEEN, *[ADA_SEEN] * 3], known=RELATED)
    assert (found.name, found.reason) == (None, Reason.DISAGREEING)


@pytest.mark.parametrize(("distance", "reason"), [(0.5, Reason.DISAGREEING), (0.5625, Reason.RECOGNISED)])
def test_a_look_names_somebody_else_only_within_the_threshold(distance: float, reason: Reason) -> None:
    other = shifted(person(ADA), 1.0, direction=0)
    known = gallery({"Ada": person(ADA), "Other": other})
    found = standing([ADA_SEEN, shifted(other, distance, direction=1), *[ADA_SEEN] * 3], known=known)
    assert found.reason is reason


def test_a_look_nearer_to_somebody_else_does_not_agree() -> None:
    """Too far from the other to name them, too near to count for Ada."""
    other = shifted(person(ADA), 1.0, direction=0)
    known = gallery({"Ada": person(ADA), "Other": other})
    found = standing(
        [ADA_SEEN, shifted(other, 0.5625, direction=1), ADA_SEEN, ADA_SEEN],
        known=known,
        rules=replace(RULES, looks=4),
    )
    assert (found.name, found.reason) == (None, Reason.TOO_FEW_LOOKS)


def test_four_looks_of_which_two_name_another_grant_nobody() -> None:
    found = standing([look(ADA, 0.25), look(BOB, 0.25), look(ADA, 0.25), look(BOB, 0.25)])
    assert found.name is None


def test_looks_count_together_not_only_one_by_one() -> None:
    """Each look is within the contradiction and names Ada, but their mean is beyond the threshold."""
    found = standing([look(ADA, 0.625)] * 5)
    assert (found.name, found.reason) == (None, Reason.UNKNOWN_FACE)


def test_looks_that_differ_are_nearer_than_each_and_farther_than_their_mean() -> None:
    """Their mean lies on the person; that it is shorter than each of them counts against it."""
    opposite = looks([shifted(person(ADA), -0.5), shifted(person(ADA), 0.5)])
    match = compare(opposite, PEOPLE)
    length = 1 - 0.5**2 / 2
    assert match is not None and 0 < match.distance < 0.5
    assert match.distance == pytest.approx((2 - 2 * length**0.5) ** 0.5)


def test_only_the_last_window_looks_count() -> None:
    ada_seen = [look(ADA, 0.1, direction) for direction in range(1, 6)]
    assert standing([COUSIN_SEEN, *ada_seen], known=RELATED).name == "Ada"
    assert standing([COUSIN_SEEN, *ada_seen[:4]], known=RELATED).reason is Reason.DISAGREEING


@pytest.mark.parametrize(("age", "name"), [(5.0, "Ada"), (5.01, None)])
def test_looks_older_than_the_window_say_nothing(age: float, name: str | None) -> None:
    assert standing([look(ADA, 0.0)] * 3, times=[NOW - age, NOW, NOW]).name == name


@pytest.mark.parametrize(
    ("seen", "total", "looked_for", "identity"),
    [
        (look(ADA, 0.59), 5, 3.0, Identity.UNRECOGNISED),
        (look(ADA, 0.59), 5, 2.99, Identity.GATHERING),
        (look(ADA, 0.61), 5, 1.5, Identity.UNRECOGNISED),
        (stranger(0), 5, 1.49, Identity.GATHERING),
        (stranger(0), 4, 3.0, Identity.GATHERING),
        (stranger(0), 4, 60.0, Identity.GATHERING),
        (stranger(0), 50, 0.5, Identity.GATHERING),
    ],
)
def test_a_face_is_given_up_after_a_full_window_and_longer_the_nearer_it_comes(
    seen: Embedding, total: int, looked_for: float, identity: Identity
) -> None:
    found = standing([seen] * min(total, 5), total=total, looked_for=looked_for)
    assert (found.identity, found.name, found.reason) == (identity, None, Reason.UNKNOWN_FACE)


@pytest.mark.parametrize(
    ("distance", "looked_for", "identity"),
    [
        (0.625, 2.99, Identity.GATHERING),
        (0.625, 3.0, Identity.UNRECOGNISED),
        (0.6328125, 1.49, Identity.GATHERING),
        (0.6328125, 1.5, Identity.UNRECOGNISED),
    ],
)
def test_a_clear_stranger_is_given_up_sooner(distance: float, looked_for: float, identity: Identity) -> None:
    rules = rules_with(threshold=0.5, margin=0.0625, contradiction=0.75, stranger=0.625)
    found = standing([look(ADA, distance)] * 5, rules=rules, looked_for=looked_for)
    assert found.identity is identity


@pytest.mark.parametrize(("looked_for", "identity"), [(0.5, "unrecognised"), (0.49, "gathering")])
def test_a_clear_stranger_is_never_looked_at_for_longer_than_others(looked_for: float, identity: str) -> None:
    rules = replace(RULES, deny_seconds=0.5, stranger_seconds=1.5)
    assert standing([stranger(0)] * 5, rules=rules, looked_for=looked_for).identity.value == identity


def test_somebody_given_up_is_still_recognised_by_better_looks() -> None:
    assert standing([look(ADA, 0.0)] * 5, total=50, looked_for=60).identity is Identity.RECOGNISED


@given(st.lists(st.tuples(st.floats(0, 1, width=32), directions), min_size=1, max_size=5))
def test_together_looks_are_never_farther_than_one_by_one(sightings: list[tuple[float, int]]) -> None:
    match = compare(looks([look(ADA, *sighting) for sighting in sightings]), PEOPLE)
    assert match is not None and match.distance <= max(distance for distance, _ in sightings) + 1e-3


def test_looks_are_compared_with_nobody_in_an_empty_gallery() -> None:
    assert compare(looks([ADA_SEEN], gallery({})), gallery({})) is None


def test_an_empty_gallery_knows_nobody() -> None:
    found = standing([look(ADA, 0.0)] * 5, known=gallery({}), looked_for=3)
    assert found == Recognition(Identity.UNRECOGNISED, None, Reason.NOBODY_ENROLLED, None, 0.5)


def test_no_looks_know_nobody() -> None:
    assert standing([]).name is None
    assert standing([look(ADA, 0.0)] * 5, times=[NOW - 6] * 5).name is None


def test_the_only_person_enrolled_has_no_runner_up() -> None:
    found = standing([look(ADA, 0.25)] * 3, known=gallery({"Ada": person(ADA)}))
    assert found.name == "Ada"
    assert found.match is not None and found.match.runner_up is None


def test_a_look_is_matched_again_only_when_the_gallery_changed() -> None:
    first = Look.take(NOW, face(look(ADA, 0.25)), PEOPLE)
    assert first.against(PEOPLE) is first
    after = first.against(gallery({"Bob": person(BOB)}, version=2))
    assert after.match is not None and after.match.name == "Bob"
    assert (after.at, after.gallery_version) == (NOW, 2)


def test_the_mean_is_float32() -> None:
    mean = mean_embedding(looks([axis(0), axis(1)]))
    assert mean.dtype == np.float32
    assert mean[0] == mean[1] == 0.5


sights = st.builds(look, st.sampled_from([ADA, BOB]), st.floats(0, 1, width=32), directions)
strange_sights = st.builds(
    lambda who, distance, direction: shifted(stranger(who), distance, direction),
    st.integers(0, 1),
    st.floats(0, 1, width=32),
    directions,
)


@given(st.lists(sights, max_size=8), st.integers(2, 5), st.integers(0, 8))
def test_nobody_is_named_by_fewer_looks_than_needed(
    embeddings: list[Embedding], frames: int, extra: int
) -> None:
    few = embeddings[: frames - 1]
    assert standing(few, rules=replace(RULES, looks=frames), total=len(few) + extra).name is None


@given(st.lists(sights | strange_sights, max_size=8))
def test_whoever_is_named_is_nearest_in_the_last_look_and_in_three(embeddings: list[Embedding]) -> None:
    found = standing(embeddings)
    if found.name is not None:
        nearest = [PEOPLE.match(template(embedding[None])) for embedding in embeddings[-5:]]
        names = [
            match.name for match in nearest if match and match.distance <= RULES.recogniser.contradiction
        ]
        assert names.count(found.name) >= 3
        assert nearest[-1] is not None and nearest[-1].name == found.name
        assert found.match is not None and found.match.distance <= 0.5


@given(st.lists(strange_sights, max_size=8), st.floats(0, 60))
def test_looks_at_strangers_name_nobody(embeddings: list[Embedding], looked_for: float) -> None:
    assert standing(embeddings, looked_for=looked_for).name is None


@given(st.lists(st.tuples(distances, directions), min_size=3, max_size=8), distances, directions)
def test_one_more_agreeing_look_never_takes_a_name_away(
    sightings: list[tuple[float, int]], distance: float, direction: int
) -> None:
    before = [look(ADA, *sighting) for sighting in sightings]
    assert standing(before).name == "Ada"
    assert standing([*before, look(ADA, distance, direction)]).name == "Ada"


@given(st.permutations(range(5)), st.lists(st.tuples(distances, directions), min_size=5, max_size=5))
def test_the_order_of_agreeing_looks_does_not_matter(
    order: list[int], sightings: list[tuple[float, int]]
) -> None:
    embeddings = [look(ADA, *sighting) for sighting in sightings]
    assert standing([embeddings[at] for at in order]).name == standing(embeddings).name == "Ada"
