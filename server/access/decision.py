"""What the door decides, in closed vocabularies."""

from dataclasses import dataclass
from enum import Enum

from wire import DecisionNotice, Verdict


class Policy(str, Enum):
    """Whom a grant depends on when several faces are in view."""

    ANY = "any"
    ALL = "all"
    LARGEST = "largest"


class Reason(str, Enum):
    """Why a visit was decided as it was: stable codes for the log and the terminal."""

    RECOGNISED = "recognised"
    UNKNOWN_FACE = "unknown_face"
    NEAR_TIE = "near_tie"
    DISAGREEING = "disagreeing"
    TOO_FEW_LOOKS = "too_few_looks"
    NOBODY_ENROLLED = "nobody_enrolled"
    NOT_ALONE = "not_alone"
    REVOKED = "revoked"
    LEFT = "left"
    LOG_UNAVAILABLE = "log_unavailable"


@dataclass(frozen=True)
class Decision:
    """One decision about one visit: one line of the access log.

    `name`: who it is, None when not recognised. `distance` and `runner_up`: from the last looks to the
    nearest person and to the next other one (`evidence.compare`). `threshold`: what the distance was held
    against. `looks`: how many times the face was compared in this visit.
    """

    id: str
    verdict: Verdict
    name: str | None
    reason: Reason
    distance: float | None
    runner_up: float | None
    threshold: float
    looks: int

    def notice(self) -> DecisionNotice:
        """The decision as the terminal is told it."""
        names = () if self.name is None else (self.name,)
        return DecisionNotice(self.id, self.verdict, names, self.reason.value)
