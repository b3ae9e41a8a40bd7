"""Settings that may change while the server runs."""

from typing import Any

import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.policy import Policy
from server.access.present_rules import CHANGEABLE
from server.access.rules import Rules
from server.settings import Settings
from server.tuning.values import TUNABLE, InvalidError, defaults, rules_with, values_of

OTHER: dict[str, Any] = {
    "policy": "all",
    "max_false_accept": 1e-3,
    "threshold": 0.9,
    "margin": 0.1,
    "frames": 4,
    "liveness": "off",
    "attempts": 0,
    "deny_seconds": 5.0,
}


def test_they_are_those_that_make_the_changeable_rules() -> None:
    assert set(TUNABLE) == set(OTHER) and len(TUNABLE) == len(CHANGEABLE)
    assert values_of(Settings.model_validate(OTHER).rules()) == OTHER
    assert values_of(Rules()) == defaults() == values_of(Settings.model_validate({}).rules())


def test_some_of_them_are_changed_and_the_others_stay() -> None:
    rules = Settings.model_validate({**OTHER, "recogniser": "dlib", "threshold": 0.3}).rules()
    changed = rules_with(rules, {"policy": "flag", "frames": 2, "threshold": None, "margin": None})
    assert (changed.policy, changed.looks, changed.threshold, changed.margin) == (Policy.FLAG, 2, None, None)
    assert (changed.recogniser, changed.liveness, changed.attempts) == (DLIB, Liveness.OFF, 0)
    assert (
        rules_with(rules, dict.fromkeys(TUNABLE)) == Settings.model_validate({"recogniser": "dlib"}).rules()
    )
    assert rules_with(rules, {}) == rules


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"threshold": 0.3}, "write a number from 0.6 to 1.15, in which recogniser sface was measured"),
        ({"frames": 9}, "less than or equal to 5"),
        ({"policy": "nobody"}, "'any', 'flag', 'all' or 'largest'"),
        ({"deny_seconds": float("nan")}, "less than or equal to 30"),
    ],
)
def test_what_a_setting_cannot_be_is_told(wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidError) as refused:
        rules_with(Rules(), wanted)
    ((name, told),) = refused.value.problems.items()
    assert name in wanted and why in told
