"""Unknown faces that somebody at a terminal proposes for enrolment. Kept in memory, for a person to look at:
nothing here enrols anybody."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.events import Events, FaceProposed
from wire import Box, ProposalOutcome

log = logging.getLogger(__name__)

MOST = 32
"""So many wait at once: about as many frames' JPEGs are kept in memory."""
TERMINAL_MOST, TERMINAL_SECONDS = 4, 600.0
"""One terminal may propose so many within that time."""
KEPT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, eq=False)
class Proposal:
    """A frame, and the face in it. `moment`: by the wall clock. `jpeg`: the frame as it came. `box`: of the
    face, in pixels of it."""

    id: str
    terminal: str
    moment: datetime
    jpeg: bytes
    box: Box


class Proposals:
    """Owned by the event loop, whose clock counts."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._waiting: dict[str, Proposal] = {}
        self._made: dict[str, list[float]] = {}
        """When each terminal has made its last ones."""

    def add(self, terminal: str, jpeg: bytes, unknown: Sequence[Box]) -> ProposalOutcome:
        """Keep the largest of the `unknown` faces of a frame, if there is one and there is room for it."""
        if not unknown:
            return ProposalOutcome.NO_UNKNOWN_FACE
        loop = asyncio.get_running_loop()
        self._made = _since(self._made, loop.time() - TERMINAL_SECONDS)
        made = self._made.setdefault(terminal, [])
        if len(self._waiting) >= MOST or len(made) >= TERMINAL_MOST:
            return ProposalOutcome.TOO_MANY
        made.append(loop.time())
        box = max(unknown, key=lambda box: box.area)
        proposal = Proposal(secrets.token_hex(8), terminal, datetime.now(), jpeg, box)
        self._waiting[proposal.id] = proposal
        loop.call_later(KEPT_SECONDS, self.dismiss, proposal.id)
        log.info("%s: a face was proposed for enrolment", ascii(terminal))
        self._events.publish(FaceProposed(terminal, proposal.moment, proposal.id))
        return ProposalOutcome.KEPT

    def waiting(self) -> list[Proposal]:
        """Those that are neither taken nor dismissed, the newest first."""
        return list(reversed(self._waiting.values()))

    def find(self, proposal_id: str) -> Proposal | None:
        """The one with this id, for its picture; None when it waits no more."""
        return self._waiting.get(proposal_id)

    def take(self, proposal_id: str) -> Proposal | None:
        """The same, for whoever enrols it: it waits no more."""
        return self._waiting.pop(proposal_id, None)

    def dismiss(self, proposal_id: str) -> bool:
        """Nobody is to be enrolled by it. False when it waited no more."""
        return self.take(proposal_id) is not None


def _since(made: dict[str, list[float]], earliest: float) -> dict[str, list[float]]:
    counted = {terminal: [at for at in times if at > earliest] for terminal, times in made.items()}
    return {terminal: times for terminal, times in counted.items() if times}
