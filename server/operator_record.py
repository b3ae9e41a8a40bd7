"""What operators do: written down first, told to whoever wants to know then."""

from server.audit.operator_log import FILE, Act
from server.audit.security_log import SecurityKind
from server.audit.trail import AuditTrail
from server.events import Acted, Events


class OperatorRecord:
    """Whoever acts waits for `note` before the act takes effect."""

    def __init__(self, audit: AuditTrail, events: Events) -> None:
        self._audit = audit
        self._events = events

    async def note(self, act: Act) -> None:
        """Returns when it is on disk. Raises OSError: it is not, and nothing may be done."""
        try:
            await self._audit.record_act(act)
        except OSError as error:
            why = error.strerror or str(error)
            self._events.notice(SecurityKind.LOG_NOT_WRITTEN, source=act.source, file=FILE, why=why)
            raise
        self._events.publish(Acted(act))
