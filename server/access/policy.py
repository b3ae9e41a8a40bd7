"""Whom a grant depends on when several faces are in view: all that a policy changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from wire import FaceReport, Reason, Verdict


class Policy(str, Enum):
    """Whom a grant depends on when several faces are in view."""

    ANY = "any"
    FLAG = "flag"
    ALL = "all"
    LARGEST = "largest"


@dataclass(frozen=True)
class Company:
    """Who else is at the door beside one visitor, or was a moment ago.

    `welcome`: all of them have shown that they may come in. `stranger`: somebody is surely not enrolled.
    `largest`: the visitor's own face is the largest.
    """

    welcome: bool
    stranger: bool
    largest: bool


def allows_grant(policy: Policy, company: Company) -> bool:
    """Whether the company of a visitor who may come in lets the door open. Where it never will,
    `company_refusal` says so."""
    if policy is Policy.ALL:
        return company.welcome
    return policy is not Policy.LARGEST or company.largest


def company_refusal(policy: Policy, company: Company) -> Reason | None:
    """Why a visitor who may come in is refused because of the company; None when it is not."""
    return Reason.NOT_ALONE if policy is Policy.ALL and company.stranger else None


def tells_company(policy: Policy, company: Company) -> bool:
    """Whether the log is to say that the visitor was not alone."""
    return policy is Policy.FLAG and not company.welcome


def keeps_grant(policy: Policy, all_granted: bool, largest: bool) -> bool:
    """Whether a frame that means a grant goes on meaning it beside those seen a moment ago.

    `all_granted`: everybody seen then is. `largest`: the first face of the frame is the largest of them.
    """
    if policy is Policy.ALL:
        return all_granted
    return policy is not Policy.LARGEST or largest


def frame_verdict(faces: Sequence[FaceReport], policy: Policy) -> Verdict:
    """What a frame means for the door, from its faces, largest first."""
    verdicts = [face.verdict for face in faces]
    if not verdicts:
        return Verdict.NONE
    if policy is Policy.LARGEST:
        return verdicts[0]
    first = (Verdict.GRANTED, Verdict.CHECKING, Verdict.DENIED)
    worst = (Verdict.DENIED, Verdict.CHECKING, Verdict.GRANTED)
    return next(verdict for verdict in (worst if policy is Policy.ALL else first) if verdict in verdicts)
