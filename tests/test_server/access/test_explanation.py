"""What a decision is explained by: its own numbers, in words, and what other thresholds would say of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.decision import Decision, Nearest
from server.access.evidence import compare, judge
from server.access.explanation import LIVENESS, SENTENCES, explain, sentence
from server.access.liveness.proof import Aliveness
from server.access.matching.neighbourhood import Population
from server.access.odds import RISKS
from server.access.rules import Rules
from tests.support.embeddings import gallery, look, person, shifted
from tests.support.rules import rules
from tests.test_server.access.test_evidence import looks
from wire import Verdict
from wire.reasons import Reason

JANE = Decision(
    id="id",
    verdict=Verdict.DENIED,
    name=None,
    reason=Reason.UNKNOWN_FACE,
    distance=0.96,
    runner_up=1.2,
    threshold=0.926,
    looks=9,
    nearest=(Nearest("Jane Doe", 0.96), Nearest("John Doe", 1.2)),
)
PEOPLE = Population(63)
NEAR = gallery({"Ada": person(0), "Cousin": shifted(person(0), 0.5), "Bob": person(1)})


def test_a_guard_reads_who_was_nearest_and_at_which_risk_it_would_have_been_enough() -> None:
    found = explain(JANE, Rules(), PEOPLE)
    assert found.sentence == (
        "Nearest was Jane Doe at 0.960; the threshold was 0.926: not recognised. At a risk of 1 in 1,000 that"
        " would have been near enough."
    )
    assert [tried.risk for tried in found.at_risks] == list(RISKS)
    said = [(tried.said, tried.name) for tried in found.at_risks]
    assert said[:2] == [(Reason.RECOGNISED, "Jane Doe")] * 2
    assert said[2:] == [(Reason.UNKNOWN_FACE, None)] * 3
    assert found.now.risk == pytest.approx(1e-4) and found.now.said is Reason.UNKNOWN_FACE
    assert found.now.threshold == found.at_risks[2].threshold == Rules().threshold_for(PEOPLE)


def test_the_threshold_is_that_of_the_people_enrolled_now() -> None:
    few, many = (explain(JANE, Rules(), Population(people)) for people in (1, 10_000))
    assert few.now.threshold > many.now.threshold
    assert few.at_risks[0].threshold > many.at_risks[0].threshold


@pytest.mark.parametrize(
    ("decision", "today", "told"),
    [
        (replace(JANE, distance=1.3), Rules(), "Nor would it have been at a risk of 1 in 100."),
        (replace(JANE, runner_up=0.97), Rules(), "At a risk of 1 in 1,000 that would have been a tie of two"),
        (JANE, Rules(threshold=1.0), "Under today's threshold of 1.000 that would be near enough."),
        (
            replace(JANE, reason=Reason.RECOGNISED, name="Jane Doe", distance=0.9),
            Rules(threshold=0.7),
            "Under today's threshold of 0.700 that would not be enough.",
        ),
    ],
)
def test_it_is_told_when_another_threshold_says_otherwise(
    decision: Decision, today: Rules, told: str
) -> None:
    assert told in explain(decision, today, PEOPLE).sentence


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.UNKNOWN_FACE])
def test_where_the_threshold_was_not_in_the_way_nothing_is_told_of_others(reason: Reason) -> None:
    decision = replace(JANE, reason=reason, distance=0.5, name="Jane Doe")
    assert explain(decision, Rules(), PEOPLE).sentence == sentence(decision)


def test_every_reason_has_a_sentence_and_every_proof_its_words() -> None:
    assert set(SENTENCES) == set(Reason) and set(LIVENESS) == set(Aliveness)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("liveness", Aliveness)
@pytest.mark.parametrize(
    "decision",
    [
        replace(JANE, name="Jane Doe"),
        JANE,
        replace(JANE, nearest=()),
        replace(JANE, nearest=JANE.nearest[:1], runner_up=None),
        replace(JANE, nearest=(), distance=None, runner_up=None),
    ],
)
def test_each_sentence_reads_whatever_is_known(
    reason: Reason, liveness: Aliveness, decision: Decision
) -> None:
    told = explain(replace(decision, reason=reason, liveness=liveness), Rules(), PEOPLE).sentence
    assert told[0].isupper() and told.endswith(".") and "\n" not in told
    assert not set("{}_") & set(told) and "None" not in told


def test_a_grant_tells_how_the_face_was_proven_to_live() -> None:
    granted = replace(JANE, reason=Reason.RECOGNISED, name="Jane Doe", distance=0.631)
    assert sentence(replace(granted, liveness=Aliveness.LIVE)) == (
        "Recognised as Jane Doe at 0.631; the threshold was 0.926; the face was seen to be a living one."
    )


def test_a_tie_tells_both() -> None:
    told = sentence(replace(JANE, reason=Reason.NEAR_TIE, distance=0.9, runner_up=0.91))
    assert told == "Nearest was Jane Doe at 0.900; John Doe was at 0.910, almost as near: neither is named."


def test_of_what_was_not_compared_no_threshold_says_anything() -> None:
    found = explain(replace(JANE, distance=None, runner_up=None, nearest=()), Rules(), Population(0))
    assert {(tried.said, tried.name) for tried in (found.now, *found.at_risks)} == {(None, None)}


@given(st.floats(0.0, 0.7), st.floats(0.05, 0.7), st.floats(0.0, 0.1))
def test_a_threshold_says_what_the_door_would_have_said_of_looks_that_agree(
    away: float, threshold: float, margin: float
) -> None:
    today = rules(threshold=threshold, margin=margin)
    probe = look(0, away)
    seen = looks([probe] * 5, NEAR)
    match = compare(seen, NEAR)
    assert match is not None
    door = judge(seen, match, NEAR.population, 9.0, 9, today)
    decision = replace(
        JANE,
        distance=match.distance,
        runner_up=match.runner_up,
        nearest=tuple(Nearest(*each) for each in NEAR.nearest(probe, 2)),
    )
    tried = explain(decision, today, NEAR.population).now
    if door.reason is not Reason.TOO_FEW_LOOKS:  # which no threshold decides
        assert (tried.said, tried.name) == (door.reason, door.name)
