"""What operators do, written down before it takes effect."""

from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from server.audit.operator_log import Act, append
from server.events import Acted, Events
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add


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
        """Returns when the act is a line of the operator log. Raises OSError: it is not, and is not done."""
        await self._operator_log.record_act(act)
        self._events.publish(Acted(act))


def note_here(logs: Path, connection: Connection, act: Act) -> None:
    """As `OperatorRecord.note`, for commands, which have no server. Raises OSError: the act must not happen;
    sqlalchemy.exc.SQLAlchemyError: it is on disk, and the next start takes it into the history."""
    append(logs, act)
    add(connection, [(ACT, act_row(act))])
