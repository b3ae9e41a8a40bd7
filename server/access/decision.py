"""What the door decides, in closed vocabularies."""

from dataclasses import dataclass
from typing import NamedTuple

from server.access.liveness.proof import Aliveness
from wire import DecisionNotice, Verdict
from wire.reasons import Reason


class Nearest(NamedTuple):
    """Somebody enrolled, and the distance from the visit's template."""

    name: str
    distance: float


@dataclass(frozen=True)
class Decision:
    """One decision about one visit: one line of the access log.

    `name`: who it is, None when not recognised. `distance` and `runner_up`: from the visit's template to the
    nearest person and to the next other one (`matching.templates`). `threshold`: what the distance was
    held against. `looks`: how many times the face was embedded in this visit. `accompanied`: somebody else,
    not recognised, was in view of a terminal whose policy wants that told. `note`: what the terminal's
    administrator tells those who are refused. `nearest`: the few people who came nearest, nearest first, the
    first at `distance` and the second at `runner_up`: for whoever asks why; neither logged nor told the
    terminal.
    """

    id: str
    verdict: Verdict
    name: str | None
    reason: Reason
    distance: float | None
    runner_up: float | None
    threshold: float
    looks: int
    liveness: Aliveness = Aliveness.OFF
    accompanied: bool = False
    note: str | None = None
    nearest: tuple[Nearest, ...] = ()

    @property
    def named(self) -> bool:
        """Whether the terminal may be told who it is: a photo that is held up is not greeted by name."""
        return self.name is not None and self.liveness is not Aliveness.NOT_PROVEN

    def notice(self, seq: int | None = None) -> DecisionNotice:
        """The decision as the terminal is told it. `seq`: the frame that last showed whom it is about; None:
        the one that it comes with."""
        names = (self.name,) if self.name is not None and self.named else ()
        note = self.note if self.verdict is Verdict.DENIED else None
        return DecisionNotice(
            id=self.id, verdict=self.verdict, names=names, reason=self.reason.value, note=note, seq=seq
        )
