"""Why a decision came out as it did, in words for a guard, and what other thresholds would say. Pure."""

from dataclasses import dataclass

from server.access.decision import Decision
from server.access.evidence import held_against
from server.access.liveness.proof import Aliveness
from server.access.matching.neighbourhood import Population
from server.access.odds import RISKS, one_in, threshold_at, visit_risk
from server.access.rules import Rules
from wire.reasons import Reason

SENTENCES: dict[Reason, str] = {
    Reason.RECOGNISED: "Recognised as {who} at {distance}; the threshold was {threshold}; {liveness}.",
    Reason.UNKNOWN_FACE: "{nearest}; the threshold was {threshold}: not recognised.",
    Reason.NEAR_TIE: "{nearest}; {second}, almost as near: neither is named.",
    Reason.DISAGREEING: "{nearest}; single looks were nearer to somebody else: not recognised.",
    Reason.TOO_FEW_LOOKS: "{nearest}; too few of {looks} agreed: not recognised.",
    Reason.NOBODY_ENROLLED: "Nobody was enrolled.",
    Reason.NOT_ALONE: "{who} was recognised, but somebody who was not was in view as well.",
    Reason.REVOKED: "{who} was let in, and then enrolled no longer.",
    Reason.LEFT: "{nearest}; gone before there was enough evidence.",
    Reason.LOG_UNAVAILABLE: "The access log could not be written: nobody is let in without a line of it.",
    Reason.UNDELIVERED: "{who} was to be let in, but the terminal could not be told any more.",
    Reason.TOO_DARK: "The face was too dark to be compared.",
    Reason.TOO_BRIGHT: "The face was too bright to be compared.",
    Reason.TOO_BLURRED: "The face was too blurred to be compared.",
    Reason.LOOKING_AWAY: "The face was turned away from the camera.",
    Reason.NOT_LIVE: "{who} was recognised, but {liveness}: perhaps a photo.",
    Reason.CHALLENGE_FAILED: "{who} was recognised, but did not do in time what was asked.",
    Reason.DISABLED: "{who} was recognised, but is switched off.",
    Reason.NOT_YET_VALID: "{who} was recognised, but may not come in yet.",
    Reason.EXPIRED: "{who} was recognised, but may not come in any more.",
    Reason.OUTSIDE_SCHEDULE: "{who} was recognised, but may not come in at this time.",
    Reason.WRONG_TERMINAL: "{who} was recognised, but may not come in at this door.",
    Reason.LOCKED_OUT: "{who} was recognised, but the door was locked after too many failed visits.",
}
LIVENESS: dict[Aliveness, str] = {
    Aliveness.OFF: "proof of a living face was not asked for",
    Aliveness.LIVE: "the face was seen to be a living one",
    Aliveness.CHALLENGE: "the face was proven to be a living one by doing what was asked",
    Aliveness.NOT_PROVEN: "the face was not proven to be a living one",
}


@dataclass(frozen=True)
class Tried:
    """What a threshold says of a visit's looks taken together.

    `risk`: the share of strangers' visits that it lets in as one of the people enrolled now. `said`:
    `RECOGNISED`, as `name`; `UNKNOWN_FACE`; `NEAR_TIE`; None when nothing was compared. That single looks
    must agree as well is not tried.
    """

    risk: float
    threshold: float
    said: Reason | None
    name: str | None


@dataclass(frozen=True)
class Explanation:
    """`sentence`: why, in plain words. `now`: the threshold in force for the people enrolled now. `at_risks`:
    those of `RISKS`, the loosest first."""

    sentence: str
    now: Tried
    at_risks: tuple[Tried, ...]


def explain(decision: Decision, rules: Rules, population: Population) -> Explanation:
    """`rules` and `population`: today's, of the recogniser that the decision's distances are of."""
    threshold = rules.threshold_for(population)
    now = _tried(decision, rules, visit_risk(rules, threshold, population), threshold)
    at_risks = tuple(_tried(decision, rules, risk, threshold_at(rules, risk, population)) for risk in RISKS)
    sentences = [sentence(decision), *_otherwise(decision, now, at_risks)]
    return Explanation(" ".join(sentences), now, at_risks)


def sentence(decision: Decision) -> str:
    """Why it was decided so, by what counted then: one line, for a person at the door."""
    return SENTENCES[decision.reason].format(
        who=decision.name or "Somebody",
        nearest=_nearest(decision),
        second=_second(decision),
        distance=_shown(decision.distance),
        threshold=_shown(decision.threshold),
        looks="1 look" if decision.looks == 1 else f"{decision.looks} looks",
        liveness=LIVENESS[decision.liveness],
    )


def _tried(decision: Decision, rules: Rules, risk: float, threshold: float) -> Tried:
    if decision.distance is None:
        return Tried(risk, threshold, None, None)
    said = held_against(decision.distance, decision.runner_up, threshold, rules.least_margin)
    nearest = decision.nearest[0].name if decision.nearest else decision.name
    return Tried(risk, threshold, said, nearest if said is Reason.RECOGNISED else None)


def _otherwise(decision: Decision, now: Tried, at_risks: tuple[Tried, ...]) -> list[str]:
    """When another threshold would have said something else about who it is."""
    if decision.reason is Reason.RECOGNISED and now.said is not Reason.RECOGNISED:
        return [f"Under today's threshold of {_shown(now.threshold)} that would not be enough."]
    if decision.reason is not Reason.UNKNOWN_FACE:
        return []
    if now.said is not Reason.UNKNOWN_FACE:
        return [f"Under today's threshold of {_shown(now.threshold)} that would be {_outcome(now)}."]
    strictest = next((each for each in reversed(at_risks) if each.said is not Reason.UNKNOWN_FACE), None)
    if strictest is None:
        return [f"Nor would it have been at a risk of {one_in(at_risks[0].risk)}."]
    return [f"At a risk of {one_in(strictest.risk)} that would have been {_outcome(strictest)}."]


def _outcome(tried: Tried) -> str:
    return "near enough" if tried.said is Reason.RECOGNISED else "a tie of two people"


def _nearest(decision: Decision) -> str:
    if decision.distance is None:
        return "The face was compared with nobody"
    if not decision.nearest:
        return f"The nearest person was at {_shown(decision.distance)}"
    return f"Nearest was {decision.nearest[0].name} at {_shown(decision.distance)}"


def _second(decision: Decision) -> str:
    name = decision.nearest[1].name if len(decision.nearest) > 1 else "another person"
    return f"{name} was at {_shown(decision.runner_up)}"


def _shown(distance: float | None) -> str:
    return "an unknown distance" if distance is None else f"{distance:.3f}"
