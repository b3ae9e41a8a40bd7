"""The rules by which a visit is decided: what the settings and the administrator may change."""

from dataclasses import dataclass

from server.access.liveness.proof import Liveness
from server.access.matching import calibration
from server.access.matching.neighbourhood import Population
from server.access.matching.recogniser import SFACE, Recogniser
from server.access.policy import Policy

VISIT_LOOKS = 40
"""Looks that may speak for somebody in one visit: what a stranger's visit is calibrated for. After them only
a new visit helps."""


@dataclass(frozen=True)
class Rules:
    """How evidence is weighed. docs/decisions.md tells what the defaults were measured to do.

    `recogniser`: whose embeddings are compared. `max_false_accept`: share of strangers' visits that may end
    in a grant, whoever they are taken for. `threshold`: largest distance (`templates.distance`) from a
    visit's template to a person's, in place of the one that follows from `max_false_accept`. `margin`: how
    much farther the runner-up must be, in place of the recogniser's. `looks`: how many of the last `window`
    looks must each have that person as the nearest, no farther than the recogniser's `contradiction`.
    `liveness`: what proof of a living face a grant needs. `attempts`: failed visits in a row that lock the
    terminal, 0 never. `window_seconds`: older looks say nothing. `deny_seconds`: how long a face is looked at
    before it is denied; one farther than its `stranger` from everybody needs only `stranger_seconds`,
    whatever a better look might bring. `poor_seconds`: how long a face that cannot be seen well is waited
    for. `proof_seconds`: how long somebody recognised may stand there before being asked for the proof that
    passive liveness does not find.
    """

    recogniser: Recogniser = SFACE
    max_false_accept: float = 1e-4
    threshold: float | None = None
    margin: float | None = None
    looks: int = 3
    policy: Policy = Policy.ANY
    liveness: Liveness = Liveness.PASSIVE
    attempts: int = 10
    window: int = 5
    window_seconds: float = 5.0
    deny_seconds: float = 3.0
    stranger_seconds: float = 1.5
    poor_seconds: float = 8.0
    proof_seconds: float = 1.5

    def threshold_for(self, population: Population) -> float:
        """The largest distance at which one of these people is recognised."""
        if self.threshold is not None:
            return self.threshold
        people = min(max(1, population.people), calibration.MOST_PEOPLE)
        limit = self.recogniser.calibration.threshold(self.max_false_accept, people, VISIT_LOOKS)
        return population.nearness * limit

    @property
    def least_margin(self) -> float:
        """How much farther the runner-up must be."""
        return self.recogniser.margin if self.margin is None else self.margin
