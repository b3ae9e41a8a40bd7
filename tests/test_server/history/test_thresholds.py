"""What each of several thresholds would have recognised."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.history.kept import KeptVisit
from server.history.thresholds import grid_of
from tests.support.summaries import UNDECIDED, kept, summary
from wire.reasons import Reason


def visit(*arguments: Any, **named: Any) -> KeptVisit:
    return kept(summary(*arguments, **named))


def test_a_line_tells_whom_the_threshold_would_have_recognised() -> None:
    visits = [
        visit(0.20),
        visit(0.28),
        visit(0.33, Reason.UNKNOWN_FACE),
        visit(0.33, Reason.UNKNOWN_FACE, candidate="Bob", runner_up=None),
        visit(0.33, Reason.UNKNOWN_FACE, runner_up=0.35),  # too near a tie
        visit(0.25, Reason.NOT_LIVE),  # recognised, refused for something else
        visit(0.33, Reason.TOO_DARK),
        visit(0.33, Reason.LEFT, threshold=0.35),  # the threshold was not in the way
        kept(UNDECIDED),
    ]
    strict, present, loose = grid_of(visits, [0.22, 0.3, 0.34], margin=0.03)
    assert [(line.recognised, line.visits) for line in (strict, present, loose)] == [(1, 9), (3, 9), (7, 9)]
    assert [dict(line.lost) for line in (strict, present, loose)] == [{"Ada": 1}, {}, {}]
    assert [dict(line.gained) for line in (strict, present, loose)] == [{}, {}, {"Ada": 1, "Bob": 1}]
    assert grid_of(visits, [0.33], margin=0.019)[0].gained["Ada"] == 2, "as far as the margin is enough"
    assert grid_of([visit(0.3)], [0.3], margin=0.0)[0].recognised == 1, "at the threshold is near enough"
    refused = replace(visit(0.33, Reason.REVOKED), name="Ada")
    assert not grid_of([refused], [0.3], margin=0.0)[0].lost, "only a grant can be lost"
    for reason in (Reason.TOO_FEW_LOOKS, Reason.LEFT, Reason.UNKNOWN_FACE):
        assert grid_of([visit(0.33, reason)], [0.34], margin=0.0)[0].gained == {"Ada": 1}


@pytest.mark.parametrize("reason", [Reason.OUTSIDE_SCHEDULE, Reason.WRONG_TERMINAL, Reason.DISABLED])
def test_whoever_was_barred_was_recognised(reason: Reason) -> None:
    strict, present = grid_of([visit(0.25, reason), visit(0.2)], [0.22, 0.3], margin=0.03)
    assert (strict.recognised, present.recognised) == (1, 2)
    assert not strict.lost and not present.gained, "that a limit was in the way does not change"


some_visits = st.lists(
    st.builds(
        visit,
        st.floats(0, 1),
        st.sampled_from([Reason.RECOGNISED, Reason.UNKNOWN_FACE, Reason.LEFT, Reason.NOT_LIVE]),
        threshold=st.floats(0.1, 0.5),
        candidate=st.sampled_from(["Ada", "Bob"]),
    )
)


@given(some_visits, st.floats(0, 1), st.floats(0, 1))
def test_a_looser_threshold_recognises_no_fewer_and_loses_no_more(
    visits: list[KeptVisit], one: float, other: float
) -> None:
    strict, loose = grid_of(visits, sorted((one, other)), margin=0.03)
    assert strict.recognised <= loose.recognised <= loose.visits == len(visits)
    assert loose.lost <= strict.lost and strict.gained <= loose.gained
