"""The rules by which a visit is decided: what the settings and the administrator may change."""

from dataclasses import dataclass

from server.access.liveness.proof import Liveness
from server.access.matching import calibration
from server.access.matching.model import CONTRADICTION, STRANGER
from server.access.policy import Policy

VISIT_LOOKS = 40
"""Looks that may speak for somebody in one visit: what a stranger's visit is calibrated for. After them only
a new visit helps."""


@dataclass(frozen=True)
class Rules:
    """How evidence is weighed. docs/decisions.md tells what the defaults were measured to do.

    `max_false_accept`: share of strangers' visits that may end in a grant, whoever they are taken for.
    `threshold`: largest distance (`templates.distance`) from a visit's template to a person's, in place of
    the one that follows from `max_false_accept`. `margin`: how much farther the runner-up must be. `looks`:
    how many of the last `window` looks must each have that person as the nearest, no farther than
    `contradiction`. `liveness`: what proof of a living face a grant needs. `attempts`: failed visits in a row
    that lock the terminal, 0 never. `window_seconds`: older looks say nothing. `deny_seconds`: how long a
    face is looked at before it is denied; one farther than `stranger` from everybody needs only
    `stranger_seconds`, whatever a better look might bring. `poor_seconds`: how long a face that cannot be
    seen well is waited for. `proof_seconds`: how long somebody recognised may stand there before being asked
    for the proof that passive liveness does not find.
    """

    max_false_accept: float = 1e-4
    threshold: float | None = None
    margin: float = 0.03
    looks: int = 3
    policy: Policy = Policy.ANY
    liveness: Liveness = Liveness.PASSIVE
    attempts: int = 10
    window: int = 5
    window_seconds: float = 5.0
    contradiction: float = CONTRADICTION
    deny_seconds: float = 3.0
    stranger: float = STRANGER
    stranger_seconds: float = 1.5
    poor_seconds: float = 8.0
    proof_seconds: float = 1.5

    def threshold_for(self, people: int) -> float:
        """The largest distance at which one of `people` is recognised."""
        if self.threshold is not None:
            return self.threshold
        people = min(max(1, people), calibration.MOST_PEOPLE)
        return calibration.threshold(self.max_false_accept, people, VISIT_LOOKS)
