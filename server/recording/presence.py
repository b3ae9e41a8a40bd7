"""Which frames of a session are recorded: those with somebody in view, until every track has ended. Pure."""

import math

from server.access.observed import ClosedDoor, ObservedFrame
from server.access.tracks import LOST_SECONDS


class Presence:
    """Whether anybody is in view at one terminal, or was just now."""

    def __init__(self, left_out: bool = False) -> None:
        """`left_out`: frames before the first one were missed. Whoever is in view then is left out, as the
        beginning of that visit is unknown."""
        self.somebody = False
        self._left_out = left_out
        self._last_face = -math.inf

    def wants(self, frame: ObservedFrame) -> bool:
        """Whether the session's next frame is to be recorded."""
        if self._left_out and frame.followed:
            return False
        self._left_out = False
        if frame.analysis.faces:
            self._last_face, self.somebody = frame.at, True
            return True
        wanted = self.somebody or frame.decision is not None or bool(frame.ended)
        if frame.at - self._last_face > LOST_SECONDS:
            self.somebody = False
        return wanted

    def wants_end(self, closed: ClosedDoor) -> bool:
        """Whether the session's end is to be recorded."""
        if self._left_out:
            return False
        return self.somebody or bool(closed.decisions) or bool(closed.ended)
