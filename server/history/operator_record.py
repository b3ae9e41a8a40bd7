"""What operators do, written down before it takes effect."""

from typing import Protocol

from server.audit.operator_log import Act
from server.events import Acted, Events


class OperatorLog(Protocol):
    """The operator log."""

    async def record_act(self, act: Act) -> None:
        """Returns when the line is on disk. Raises OSError: it is not."""


class OperatorRecord:
    """Whoever acts awaits `note` first: what cannot be written down is not done."""

    def __init__(self, operator_log: OperatorLog, events: Events) -> None:
        self._operator_log = operator_log
        self._events = events

    async def note(self, act: Act) -> None:
        """Returns when the act is a line of the operator log. Raises OSError: it is not, and must not happen."""
        await self._operator_log.record_act(act)
        self._events.publish(Acted(act))
