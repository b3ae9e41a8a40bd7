"""What a door says of one frame, and of a visit that is over."""

from dataclasses import dataclass

from server.access.decision import Decision
from server.access.dice import Draw
from server.access.liveness.proof import Aliveness
from wire import Box, FaceReport, Verdict
from wire.reasons import Prompt


@dataclass(frozen=True)
class Asked:
    """What the visitor is asked to do, the seconds left for it, where there is a limit, and how much of it is
    done, -1 to 1, where that shows."""

    prompt: Prompt
    seconds: float | None = None
    progress: float | None = None


@dataclass(frozen=True)
class VisitSummary:
    """A visit when it is over, for the threshold grid: what decided it, and how near to whom it came.

    `candidate`: whom the looks agreed on, `distance` and `runner_up`: when it was nearest; None when they
    agreed on nobody. Any threshold of at least `distance` would have recognised that person. `recogniser`:
    the name of whose distances these are.
    """

    decision: Decision | None
    candidate: str | None
    distance: float | None
    runner_up: float | None
    people: int
    photos: int
    looks: int
    seconds: float
    liveness: Aliveness
    recogniser: str


@dataclass(frozen=True)
class Outcome:
    """What one frame means.

    `verdict`: for the frame. `faces`: in the analysis' order. `decision`: while it is only proposed, nothing
    else is said; `Door.settle` gives the whole outcome. `decided_at`: when whom the decision is about was
    seen last, monotonic seconds. `unknown`: where in the frame the faces are that are recognised as nobody.
    `asked`: something for the visitor to do. `ended`: visits that are over.
    `locked_seconds`: for how long the decision locks the terminal, 0 when it does not. `drawn`: what chance
    has given for it.
    """

    verdict: Verdict
    faces: tuple[FaceReport, ...] = ()
    decision: Decision | None = None
    decided_at: float | None = None
    unknown: tuple[Box, ...] = ()
    asked: Asked | None = None
    ended: tuple[VisitSummary, ...] = ()
    locked_seconds: float = 0.0
    drawn: tuple[Draw, ...] = ()
