"""What each policy makes of company."""

import pytest

from server.access.policy import (
    Company,
    Policy,
    allows_grant,
    company_refusal,
    frame_verdict,
    keeps_grant,
    tells_company,
)
from tests.support.embeddings import box
from wire import FaceReport, Reason, Verdict

ALONE = Company(welcome=True, stranger=False, largest=True)
BESIDE_SOMEBODY = Company(welcome=False, stranger=False, largest=True)
BESIDE_A_STRANGER = Company(welcome=False, stranger=True, largest=True)
BEHIND_A_RESIDENT = Company(welcome=True, stranger=False, largest=False)


@pytest.mark.parametrize("policy", list(Policy))
def test_whoever_is_alone_may_come_in(policy: Policy) -> None:
    assert allows_grant(policy, ALONE)
    assert company_refusal(policy, ALONE) is None and not tells_company(policy, ALONE)


@pytest.mark.parametrize(
    ("policy", "beside_somebody", "behind_a_resident"),
    [
        (Policy.ANY, True, True),
        (Policy.FLAG, True, True),
        (Policy.ALL, False, True),
        (Policy.LARGEST, True, False),
    ],
)
def test_who_may_come_in_beside_whom(policy: Policy, beside_somebody: bool, behind_a_resident: bool) -> None:
    assert allows_grant(policy, BESIDE_SOMEBODY) == beside_somebody
    assert allows_grant(policy, BEHIND_A_RESIDENT) == behind_a_resident


@pytest.mark.parametrize("policy", list(Policy))
def test_only_all_refuses_because_of_a_stranger_and_only_flag_tells(policy: Policy) -> None:
    assert (company_refusal(policy, BESIDE_A_STRANGER) is Reason.NOT_ALONE) == (policy is Policy.ALL)
    assert company_refusal(policy, BESIDE_SOMEBODY) is None, "it may still turn out to be a resident"
    assert tells_company(policy, BESIDE_SOMEBODY) == (policy is Policy.FLAG)


@pytest.mark.parametrize("policy", list(Policy))
def test_what_ends_a_grant_for_a_moment(policy: Policy) -> None:
    assert keeps_grant(policy, all_granted=True, largest=True)
    assert keeps_grant(policy, all_granted=False, largest=True) == (policy is not Policy.ALL)
    assert keeps_grant(policy, all_granted=True, largest=False) == (policy is not Policy.LARGEST)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (Policy.ANY, Verdict.GRANTED),
        (Policy.FLAG, Verdict.GRANTED),
        (Policy.ALL, Verdict.DENIED),
        (Policy.LARGEST, Verdict.CHECKING),
    ],
)
def test_a_frame_with_all_kinds_of_faces(policy: Policy, verdict: Verdict) -> None:
    kinds = (Verdict.CHECKING, Verdict.DENIED, Verdict.GRANTED)
    assert frame_verdict([FaceReport(box(), None, None, kind) for kind in kinds], policy) is verdict
    assert frame_verdict([], policy) is Verdict.NONE
