"""Writes logs/security_log.txt."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from server.audit.durable import DurableLog
from server.audit.security_log import FILE, PATTERN, SecurityEvent, SecurityKind
from server.events import Event, TimePassed
from server.journal.repetitions import Repetitions
from server.support.clock import now
from server.support.complaint import Complaint

log = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Lines that wait while the disk takes none; the oldest are lost first."""
TAIL_BYTES = 4096


class SecurityRecorder:
    """An event sink. What the disk does not take is tried again."""

    name = "security log"
    wants = (SecurityEvent, TimePassed)

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds. Raises OSError."""
        self._log = DurableLog(folder / FILE)
        self._clock = clock
        self._repetitions = Repetitions()
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._complaint = Complaint(log)

    def take(self, event: Event) -> None:
        if isinstance(event, SecurityEvent):
            self._tell(self._repetitions.take(event, self._clock()))
        else:
            self._tell(self._repetitions.due(self._clock(), now()))

    def missed(self, events: int) -> None:
        self._tell([SecurityEvent(now(), SecurityKind.EVENTS_LOST, details={"events": events})])

    def close(self) -> None:
        """Raises OSError."""
        self._tell(self._repetitions.rest(self._clock(), now()))
        self._log.close()

    def _tell(self, events: Iterable[SecurityEvent]) -> None:
        for event in events:
            self._waiting.append(event.line())
            if len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._lost += 1
        if not self._waiting:
            return
        try:
            self._log.append([*self._gap(), *self._waiting])
        except OSError as error:
            self._complaint.tell("SECURITY LOG NOT WRITTEN, which is tried again: %s", error)
        else:
            self._waiting.clear()
            self._lost = 0
            self._complaint.mended()

    def _gap(self) -> list[str]:
        if not self._lost:
            return []
        return [SecurityEvent(now(), SecurityKind.EVENTS_LOST, details={"lines": self._lost}).line()]


def ended_well(folder: Path) -> bool:
    """Whether the run before this one has written that it stops, or there was none. Raises OSError."""
    try:
        with open(folder / FILE, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return True
    found = PATTERN.match(lines[-1].decode("utf-8", "replace")) if lines else None
    return not lines or (found is not None and found["kind"] == SecurityKind.SERVER_STOPPED.value)
