"""What the rules risk, in words, and what they cost."""

import pytest

from server.access.matching.neighbourhood import Population
from server.access.matching.recogniser import DLIB
from server.access.odds import is_lax, look_threshold, odds, refused_at_first, visit_risk
from server.access.rules import Rules


@pytest.mark.parametrize("people", [1, 63, 2800])
def test_the_odds_are_those_that_were_asked_for(people: int) -> None:
    said = odds(Rules(recogniser=DLIB, max_false_accept=1e-3), Population(people))
    who = "1 person" if people == 1 else f"{people} people"
    threshold = Rules(recogniser=DLIB, max_false_accept=1e-3).threshold_for(Population(people))
    assert said == f"with your {who}: about 1 stranger in 1,000; threshold {threshold:.2f} (dlib)"


def test_the_odds_of_a_threshold_that_somebody_chose() -> None:
    few, many = (
        odds(Rules(recogniser=DLIB, threshold=0.3), Population(10)),
        odds(Rules(recogniser=DLIB, threshold=0.3), Population(1000)),
    )
    assert few != many and few.endswith("threshold 0.30 (dlib)") and many.endswith("threshold 0.30 (dlib)")


@pytest.mark.parametrize(
    ("rules", "people", "lax"),
    [
        (Rules(recogniser=DLIB, threshold=0.34), 1, False),
        (Rules(recogniser=DLIB, threshold=0.34), 100, True),
        (Rules(recogniser=DLIB, threshold=0.4), 0, True),
        (Rules(recogniser=DLIB, max_false_accept=0.01), 100, False),
    ],
)
def test_a_threshold_by_hand_may_be_lax(rules: Rules, people: int, lax: bool) -> None:
    assert is_lax(rules, Population(people)) == lax


def test_a_single_look_is_judged_by_the_risk_of_a_single_comparison() -> None:
    rules = Rules(recogniser=DLIB, max_false_accept=1e-3)
    assert look_threshold(rules, 63) > look_threshold(rules, 1000) > 0
    assert DLIB.calibration.risk(look_threshold(rules, 63), 63) == pytest.approx(1e-3)
    assert look_threshold(Rules(recogniser=DLIB, threshold=0.3), 63) == 0.3


def test_more_photos_and_laxer_rules_refuse_fewer() -> None:
    strict, lax = Rules(recogniser=DLIB, max_false_accept=1e-6), Rules(recogniser=DLIB, max_false_accept=1e-2)
    assert refused_at_first(strict, Population(100), 1) > refused_at_first(strict, Population(100), 3)
    assert refused_at_first(strict, Population(100), 1) > refused_at_first(lax, Population(100), 1) > 0


def test_where_people_look_alike_the_threshold_shrinks_and_the_odds_stay() -> None:
    rules, alike = Rules(max_false_accept=1e-3), Population(63, 0.95)
    assert rules.threshold_for(alike) == pytest.approx(0.95 * rules.threshold_for(Population(63)))
    said = odds(rules, alike)
    assert "about 1 stranger in 1,000; threshold" in said
    assert said.endswith("(sface), 5% tighter than elsewhere, as your people look more alike than most")


def test_a_threshold_by_hand_risks_more_where_people_look_alike() -> None:
    rules = Rules(threshold=1.0)
    assert rules.threshold_for(Population(63, 0.9)) == 1.0
    elsewhere, here = visit_risk(rules, 1.0, Population(63)), visit_risk(rules, 1.0, Population(63, 0.95))
    assert here > 2 * elsewhere
    assert "5% tighter would be as safe as elsewhere" in odds(rules, Population(63, 0.95))
    assert visit_risk(rules, 2.0, Population(1, 0.5)) == 1.0
