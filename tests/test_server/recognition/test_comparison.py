"""One look against the gallery: who it is nearest to, and what the threshold risks."""

from dataclasses import replace

import numpy as np
import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB
from server.access.odds import look_risk
from server.access.rules import Rules
from server.access.seen import Face, Flaw
from server.recognition.comparison import MOST_RANKED, bar_of_all, bar_of_one, identify, verify
from tests.support.embeddings import box, face, gallery, look, person, shifted, stranger
from wire.reasons import Reason

RULES = Rules(recogniser=DLIB)
EVERYBODY = gallery({f"P{index:02}": person(index) for index in range(20)})
THRESHOLD = RULES.threshold_for(EVERYBODY.population)
NEAR, FAR = 0.9 * THRESHOLD, 1.1 * THRESHOLD
FLAWED = replace(face(person(3)), flaw=Flaw.TOO_DARK)
NOT_EMBEDDED = Face(box(), None)


def test_who_is_near_enough_is_named_and_the_nearest_are_ranked() -> None:
    found = identify(face(look(3, NEAR)), EVERYBODY, RULES)
    assert found.name == "P03" and found.reason is Reason.RECOGNISED
    assert found.ranked[0].distance == pytest.approx(NEAR, abs=1e-4)
    assert len(found.ranked) == MOST_RANKED
    assert sorted(each.distance for each in found.ranked) == [each.distance for each in found.ranked]


def test_who_is_not_near_enough_is_ranked_and_not_named() -> None:
    found = identify(face(look(3, FAR)), EVERYBODY, RULES)
    assert (found.name, found.reason, found.ranked[0].name) == (None, Reason.UNKNOWN_FACE, "P03")
    assert identify(face(stranger(1)), EVERYBODY, RULES).name is None


def test_of_two_who_are_almost_as_near_neither_is_named() -> None:
    twins = gallery({"A": look(1, 0.2, 0), "B": look(1, 0.2 + RULES.least_margin / 2, 1)})
    found = identify(face(person(1)), twins, RULES)
    assert (found.name, found.reason, len(found.ranked)) == (None, Reason.NEAR_TIE, 2)


def test_with_one_person_nobody_comes_second() -> None:
    found = identify(face(person(1)), gallery({"A": person(1)}), RULES)
    assert found.name == "A" and len(found.ranked) == 1


@pytest.mark.parametrize("unfit", [FLAWED, NOT_EMBEDDED])
def test_what_cannot_be_compared_is_nobody(unfit: Face) -> None:
    found = identify(unfit, EVERYBODY, RULES)
    assert (found.name, found.reason, found.ranked) == (None, None, ())
    told = verify([unfit], "P03", EVERYBODY, RULES)
    assert (told.matched, told.nearest, told.distances) == (False, None, (None,))


def test_without_anybody_enrolled_there_is_nobody() -> None:
    empty = Gallery.build(DLIB, 0, ())
    found = identify(face(person(1)), empty, RULES)
    assert (found.name, found.reason, found.ranked) == (None, Reason.NOBODY_ENROLLED, ())
    assert 0 < bar_of_all(empty, RULES).risk < 1


def test_the_mirror_image_counts_as_much() -> None:
    seen = replace(face(look(3, NEAR, 0)), mirrored=look(3, NEAR, 1))
    alone = identify(face(look(3, NEAR, 0)), EVERYBODY, RULES).ranked[0].distance
    assert identify(seen, EVERYBODY, RULES).ranked[0].distance < alone


def test_a_claim_holds_up_to_the_threshold_whoever_else_is_nearer() -> None:
    assert verify([face(look(3, NEAR))], "P03", EVERYBODY, RULES).matched
    assert not verify([face(look(3, FAR))], "P03", EVERYBODY, RULES).matched
    assert not verify([face(person(4))], "P03", EVERYBODY, RULES).matched


def test_one_of_several_faces_suffices() -> None:
    told = verify([FLAWED, face(stranger(1)), face(look(3, NEAR))], "P03", EVERYBODY, RULES)
    assert told.matched and told.distances[0] is None and told.nearest == told.distances[2]


def test_nobody_who_is_not_enrolled_is_verified() -> None:
    with pytest.raises(KeyError):
        verify([face(person(1))], "Eve", EVERYBODY, RULES)


def test_the_risk_is_that_of_the_comparisons_that_are_made() -> None:
    population = EVERYBODY.population
    of_all, of_one = bar_of_all(EVERYBODY, RULES), bar_of_one(EVERYBODY, RULES)
    assert of_all.threshold == of_one.threshold == THRESHOLD
    assert of_all.risk == look_risk(RULES, THRESHOLD, population)
    assert of_one.risk == look_risk(RULES, THRESHOLD, population._replace(people=1)) < of_all.risk
    assert of_all.risk < RULES.max_false_accept, "one look, where a visit has many"
    two = verify([face(person(3)), face(stranger(1)), FLAWED], "P03", EVERYBODY, RULES)
    assert two.bar.risk == look_risk(RULES, THRESHOLD, population._replace(people=2))


def test_the_risk_is_told_in_words() -> None:
    one_person = gallery({"A": person(1)})
    assert "of the 20 people enrolled" in bar_of_all(EVERYBODY, RULES).sentence
    assert "the one person enrolled" in bar_of_all(one_person, RULES).sentence
    assert f"{THRESHOLD:.2f}" in bar_of_one(EVERYBODY, RULES).sentence


def test_people_who_look_more_alike_than_most_are_a_greater_risk() -> None:
    alike = gallery({f"P{index:02}": shifted(person(0), 0.3, index) for index in range(20)})
    by_hand = replace(RULES, threshold=0.3)
    assert alike.population.nearness < 1
    assert bar_of_all(alike, by_hand).risk > bar_of_all(EVERYBODY, by_hand).risk


def test_a_template_is_of_what_was_seen() -> None:
    told = verify([face(np.asarray(2 * person(3), np.float32))], "P03", EVERYBODY, RULES)
    assert told.nearest == pytest.approx(0, abs=1e-3), "an embedding's length says nothing"
