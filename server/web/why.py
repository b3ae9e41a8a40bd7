"""Why a decision that was kept came out so. Pure."""

from dataclasses import dataclass
from typing import Any

from server.access.decision import Decision
from server.access.explanation import Tried, explain, sentence
from server.access.liveness.proof import Aliveness
from server.access.matching.neighbourhood import Population
from server.access.rules import Rules
from server.history.kept import KeptDecision
from wire import Verdict
from wire.reasons import Reason
from wire.words import refusal

MORE = {
    Reason.NEAR_TIE: "two people as near",
    Reason.DISAGREEING: "looks disagree",
    Reason.LOG_UNAVAILABLE: "log not written",
    Reason.UNDELIVERED: "terminal not told",
}
"""What tells reasons apart of which a visitor reads the same."""


@dataclass(frozen=True)
class Why:
    """`now`, `at_risks`: what today's threshold and others would say; None and empty where its numbers are
    not those of the recogniser in force, or are not known."""

    sentence: str
    now: Tried | None = None
    at_risks: tuple[Tried, ...] = ()


def explained(kept: KeptDecision, rules: Rules, population: Population) -> Why:
    """`rules`, `population`: today's."""
    try:
        decision = _decision(kept)
    except ValueError:  # of a newer server, or an older one
        return Why(f"{refusal(kept.reason)}.")
    if not population.people or decision.distance is None:
        return Why(sentence(decision))
    why = explain(decision, rules, population)
    return Why(why.sentence, why.now, why.at_risks)


def _decision(kept: KeptDecision) -> Decision:
    """Raises ValueError: it has a reason or a kind of liveness that this server does not know."""
    return Decision(
        id=kept.id,
        verdict=Verdict(kept.verdict),
        name=kept.name,
        reason=Reason(kept.reason),
        distance=kept.distance,
        runner_up=kept.runner_up,
        threshold=kept.threshold or 0.0,
        looks=kept.looks or 0,
        liveness=Aliveness(kept.liveness or Aliveness.OFF.value),
        accompanied=kept.accompanied,
        nearest=kept.nearest,
    )


def reason_label(reason: Reason) -> str:
    """A reason in words by which an operator tells it from every other one; visitors are told less."""
    more = MORE.get(reason)
    return refusal(reason.value) if more is None else f"{refusal(reason.value)}: {more}"


def said(tried: Any) -> str:
    """What a threshold says, in words. `tried`: a `Tried`, or how the API shows one."""
    if tried.said == Reason.RECOGNISED:
        return f"{tried.name or 'somebody'} recognised"
    return {Reason.NEAR_TIE: "a tie of two people", Reason.UNKNOWN_FACE: "not recognised"}.get(
        tried.said, "nothing was compared"
    )
