"""Writes logs/events.jsonl: how terminals fare and what may be an attack, for machines to follow."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from server.audit.line import timestamp
from server.audit.security_log import SecurityEvent
from server.events import Enrolled, Event, TerminalChanged, TerminalHealth, TimePassed
from server.journal.repetitions import Repetitions
from server.support.clock import now
from server.support.console import rotated_file
from server.support.quoting import json_line

FILE = "events.jsonl"
"""In the logs folder."""
FILE_BYTES = 10_000_000
FILES = 5


class EventLog:
    """An event sink: one JSON object a line. It names no person. What the disk does not take is missing
    here, and nowhere else."""

    name = "event log"
    wants = (TerminalChanged, TerminalHealth, Enrolled, SecurityEvent, TimePassed)

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds. Raises OSError."""
        self._file: RotatingFileHandler = rotated_file(folder / FILE, FILE_BYTES, FILES)
        self._clock = clock
        self._repetitions = Repetitions()

    def take(self, event: Event) -> None:
        if isinstance(event, SecurityEvent):
            self._tell(self._repetitions.take(event, self._clock()))
        elif isinstance(event, TimePassed):
            self._tell(self._repetitions.due(self._clock(), now()))
        elif isinstance(event, TerminalChanged):
            kind = "terminal_connected" if event.connected else "terminal_left"
            self._write(now(), kind, {"terminal": event.terminal, "session": event.session})
        elif isinstance(event, TerminalHealth):
            self._write(event.moment.astimezone(), "terminal_health", _health(event))
        elif isinstance(event, Enrolled):
            self._write(now(), "enrolled", {"people": event.people, "photos": event.photos})

    def missed(self, events: int) -> None:
        self._write(now(), "events_lost", {"events": events})

    def close(self) -> None:
        self._tell(self._repetitions.rest(self._clock(), now()))
        self._file.close()

    def _tell(self, events: Iterable[SecurityEvent]) -> None:
        for event in events:
            told = {"terminal": event.terminal, "source": event.source, **event.details}
            self._write(event.moment, "security", {"what": event.kind.value, **told})

    def _write(self, moment: datetime, kind: str, values: Mapping[str, object]) -> None:
        known = {key: value for key, value in values.items() if value is not None}
        line = json_line({"time": timestamp(moment), "kind": kind, **known})
        self._file.handle(logging.makeLogRecord({"msg": line}))


def _health(event: TerminalHealth) -> dict[str, object]:
    skew = None if event.clock_skew is None else round(event.clock_skew, 1)
    return {
        "terminal": event.terminal,
        "session": event.session,
        "camera": event.camera.value,
        "clock_skew": skew,
    }
