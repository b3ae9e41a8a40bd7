"""The rules that hold now."""

from dataclasses import fields, replace
from typing import Any

import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.policy import Policy
from server.access.present_rules import CHANGEABLE, PresentRules
from server.access.rules import Rules

OTHER: dict[str, Any] = {
    "max_false_accept": 1e-3,
    "threshold": 0.9,
    "margin": 0.1,
    "looks": 4,
    "policy": Policy.ALL,
    "liveness": Liveness.OFF,
    "attempts": 3,
    "deny_seconds": 5.0,
}


def test_what_decides_may_change() -> None:
    assert set(OTHER) == set(CHANGEABLE)
    for name, value in OTHER.items():
        present, told = PresentRules(Rules()), list[Rules]()
        present.on_change = lambda: told.append(present.rules)  # noqa: B023
        present.change(replace(Rules(), **{name: value}))
        assert getattr(present.rules, name) == value and told == [present.rules]


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Rules)} - set(CHANGEABLE)))
def test_nothing_else_may_and_then_nothing_changes(name: str) -> None:
    present = PresentRules(Rules())
    present.on_change = lambda: pytest.fail("nothing has changed")
    other: dict[str, Any] = {name: DLIB if name == "recogniser" else 7}
    with pytest.raises(ValueError, match="only max_false_accept"):
        present.change(replace(Rules(), threshold=0.9, **other))
    assert present.rules == Rules()
