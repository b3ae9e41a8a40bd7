"""What the rules risk, in words, and what they cost."""

import pytest

from server.access.matching.recogniser import DLIB
from server.access.odds import is_lax, look_threshold, odds, refused_at_first
from server.access.rules import Rules


@pytest.mark.parametrize("people", [1, 63, 2800])
def test_the_odds_are_those_that_were_asked_for(people: int) -> None:
    said = odds(Rules(recogniser=DLIB, max_false_accept=1e-3), people)
    who = "1 person" if people == 1 else f"{people} people"
    threshold = Rules(recogniser=DLIB, max_false_accept=1e-3).threshold_for(people)
    assert said == f"with your {who}: about 1 stranger in 1,000; threshold {threshold:.2f}"


def test_the_odds_of_a_threshold_that_somebody_chose() -> None:
    few, many = (
        odds(Rules(recogniser=DLIB, threshold=0.3), 10),
        odds(Rules(recogniser=DLIB, threshold=0.3), 1000),
    )
    assert few != many and few.endswith("threshold 0.30") and many.endswith("threshold 0.30")


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
    assert is_lax(rules, people) == lax


def test_a_single_look_is_judged_by_the_risk_of_a_single_comparison() -> None:
    rules = Rules(recogniser=DLIB, max_false_accept=1e-3)
    assert look_threshold(rules, 63) > look_threshold(rules, 1000) > 0
    assert DLIB.calibration.risk(look_threshold(rules, 63), 63) == pytest.approx(1e-3)
    assert look_threshold(Rules(recogniser=DLIB, threshold=0.3), 63) == 0.3


def test_more_photos_and_laxer_rules_refuse_fewer() -> None:
    strict, lax = Rules(recogniser=DLIB, max_false_accept=1e-6), Rules(recogniser=DLIB, max_false_accept=1e-2)
    assert refused_at_first(strict, 100, 1) > refused_at_first(strict, 100, 3)
    assert refused_at_first(strict, 100, 1) > refused_at_first(lax, 100, 1) > 0
