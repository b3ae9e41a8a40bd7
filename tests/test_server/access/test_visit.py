"""The states of a visit, and what leads from one to the next: the table at the top of `visit.py`."""

from collections import deque

import pytest

from server.access.decision import Decision
from server.access.dice import LoadedDice
from server.access.evidence import Identity, Recognition
from server.access.liveness.proof import PAUSE_SECONDS, Aliveness, Liveness, LivenessCheck
from server.access.matching.recogniser import DLIB
from server.access.tracks import Track
from server.access.visit import RETRY_SECONDS, State, Visit
from tests.support.embeddings import box
from tests.support.rules import rules
from wire import Reason, Verdict

NOW = 100.0
RULES = rules()
ADA = Recognition(
    identity=Identity.RECOGNISED, name="Ada", reason=Reason.RECOGNISED, match=None, threshold=0.3
)


def visit() -> Visit:
    """Of somebody who is recognised."""
    track = Track(
        id=1,
        recogniser=DLIB,
        box=box(),
        last_seen=NOW,
        first_look=NOW,
        looks=deque(maxlen=5),
        unbroken_since=NOW,
    )
    return Visit(track, ADA, LivenessCheck(6.0, LoadedDice()))


def decision(verdict: Verdict, reason: Reason = Reason.RECOGNISED) -> Decision:
    return Decision(
        id="d",
        verdict=verdict,
        name="Ada",
        reason=reason,
        distance=0.2,
        runner_up=None,
        threshold=0.3,
        looks=3,
    )


GRANT, DENIAL = decision(Verdict.GRANTED), decision(Verdict.DENIED, Reason.UNKNOWN_FACE)


def decided(*steps: tuple[Decision, bool]) -> Visit:
    """A visit after these decisions, each written down or not."""
    found = visit()
    for proposal, written in steps:
        found.propose(proposal, RULES)
        found.settle(written, Reason.LOG_UNAVAILABLE, NOW)
    return found


def meaning(found: Visit) -> Verdict:
    """What the face in view means now."""
    return found.verdict


def test_a_visit_begins_open() -> None:
    assert visit().state is State.OPEN and visit().verdict is Verdict.CHECKING


@pytest.mark.parametrize("before", [[], [(GRANT, True)], [(DENIAL, True)]])
@pytest.mark.parametrize("proposal", [GRANT, DENIAL])
def test_a_proposal_changes_nothing_before_it_is_written(
    before: list[tuple[Decision, bool]], proposal: Decision
) -> None:
    found = decided(*before)
    meant, decision_before = found.verdict, found.decision
    found.propose(proposal, RULES)
    assert found.state is State.PROPOSED
    assert (found.verdict, found.decision) == (meant, decision_before)


@pytest.mark.parametrize("before", [[], [(GRANT, True)], [(DENIAL, True)]])
def test_what_is_written_counts(before: list[tuple[Decision, bool]]) -> None:
    assert decided(*before, (GRANT, True)).state is State.GRANTED
    assert decided(*before, (DENIAL, True)).state is State.DENIED


@pytest.mark.parametrize("before", [[], [(GRANT, True)], [(DENIAL, True)]])
@pytest.mark.parametrize("proposal", [GRANT, DENIAL])
def test_what_is_not_written_is_a_denial(before: list[tuple[Decision, bool]], proposal: Decision) -> None:
    found = decided(*before, (proposal, False))
    assert found.state is State.DENIED and found.verdict is Verdict.DENIED
    assert found.decision is not None and found.decision.reason is Reason.LOG_UNAVAILABLE
    assert found.not_before == NOW + RETRY_SECONDS


def test_a_denied_face_is_checked_again_while_it_is_asked_to_do_something() -> None:
    found = decided((DENIAL, True))
    found.check.follow(NOW, Liveness.CHALLENGE, NOW)
    found.check.ask("Ada", NOW)
    assert found.state is State.DENIED and found.verdict is Verdict.CHECKING
    found.check.drop()
    assert meaning(found) is Verdict.DENIED


def test_each_failure_to_do_as_asked_is_told_once() -> None:
    found, asked = visit(), rules(liveness=Liveness.CHALLENGE)
    failed = decision(Verdict.DENIED, Reason.CHALLENGE_FAILED)
    for failures in (1, 2):
        found.check.failures = failures
        assert found.refusal(asked, NOW) is Reason.CHALLENGE_FAILED
        found.propose(failed, asked)
        found.settle(False, Reason.LOG_UNAVAILABLE, NOW)
        assert found.refusal(asked, NOW) is Reason.CHALLENGE_FAILED, "nobody has been told"
        found.propose(failed, asked)
        found.settle(True, Reason.LOG_UNAVAILABLE, NOW)
        assert found.refusal(asked, NOW) is None


def test_a_grant_means_granted_only_while_it_is_recognised_as_that_person() -> None:
    found = decided((GRANT, True))
    assert meaning(found) is Verdict.GRANTED
    found.recognition = Recognition(
        identity=Identity.GATHERING, name=None, reason=Reason.TOO_FEW_LOOKS, match=None, threshold=0.3
    )
    assert meaning(found) is Verdict.CHECKING and found.state is State.GRANTED


def test_after_proof_of_life_a_grant_ends_with_the_unbroken_face() -> None:
    found = visit()
    found.propose(GRANT, rules(liveness=Liveness.PASSIVE))
    found.settle(True, Reason.LOG_UNAVAILABLE, NOW)
    assert meaning(found) is Verdict.GRANTED
    found.track.unbroken_since = NOW + 1
    assert meaning(found) is Verdict.CHECKING


def test_the_terminal_is_told_a_name_once_the_face_is_proven() -> None:
    found = visit()
    assert found.told_name(rules(liveness=Liveness.OFF)) == "Ada"
    assert found.told_name(rules(liveness=Liveness.PASSIVE)) is None
    found.check.how = Aliveness.LIVE
    assert found.told_name(rules(liveness=Liveness.PASSIVE)) == "Ada"


def test_landmarks_are_of_no_use_while_a_failed_one_waits_to_be_asked_again() -> None:
    proving = rules(liveness=Liveness.PASSIVE)
    found = visit()
    found.check.follow(NOW, Liveness.PASSIVE, NOW)
    found.check.ask("Ada", NOW)
    assert found.unproven(proving, NOW)
    found.check.ask("Ada", NOW + 6.0)
    found.check.follow(NOW, Liveness.PASSIVE, NOW + 60.0)
    failed = NOW + 60.0
    assert found.check.failures == 1
    assert not found.unproven(proving, failed) and not found.unproven(proving, failed + PAUSE_SECONDS - 0.6)
    assert found.unproven(proving, failed + PAUSE_SECONDS - 0.4)
