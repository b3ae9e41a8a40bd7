"""Records what the doors see. Whatever happens to the recordings, the doors go on."""

import contextlib
import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from server.access.observed import ClosedDoor, ObservedFrame
from server.access.rules import Rules
from server.events import DoorClosed, Event, FrameObserved
from server.recording.entries import RecordedEntry
from server.recording.presence import Presence
from server.recording.writer import RecordingWriter
from server.support.cipher import Cipher
from server.support.complaint import Complaint

log = logging.getLogger(__name__)


class Writer(Protocol):
    """Where records go."""

    def append(self, session: str, terminal: str, entry: RecordedEntry, rules: Rules) -> None: ...

    def close(self, session: str) -> None: ...

    def close_all(self) -> None: ...


@dataclass
class _Session:
    presence: Presence
    cut: bool


class Recorder:
    """One run's recordings, as an event sink. The first failure ends them until the next start."""

    name = "recorder"
    wants = (FrameObserved, DoorClosed)

    def __init__(self, writer: Writer, pictures: bool = False) -> None:
        """`pictures`: whether they are kept."""
        self._writer = writer
        self._pictures = pictures
        self._number = 0
        self._sessions: dict[str, _Session] = {}
        self._missed = False
        self._complaint = Complaint(log, logging.WARNING)
        self._stopped = False
        self._lock = threading.Lock()

    @classmethod
    def in_folder(cls, folder: Path, pictures: bool = False, cipher: Cipher | None = None) -> "Recorder":
        """`folder`: made where it is missing, private. `cipher`: encrypts what is written. Raises OSError."""
        return cls(RecordingWriter(folder, secrets.token_hex(8), cipher=cipher), pictures)

    def take(self, event: Event) -> None:
        """A frame of a session, in the order in which its door saw them, or the session's end."""
        with self._lock:
            if self._stopped:
                return
            try:
                if isinstance(event, FrameObserved):
                    self._take_frame(event)
                elif isinstance(event, DoorClosed):
                    self._take_end(event)
            except Exception as error:
                self._stopped = True
                log.error("RECORDING HAS STOPPED until the next start: %s", error)
                self._writer.close_all()

    def missed(self, events: int) -> None:
        """Whole visits are left out: at each terminal, until nobody is in view."""
        if not self._stopped:
            self._complaint.tell("the disk is too slow for recording everything: whole visits are left out")
        self.leave_out()

    def leave_out(self) -> None:
        """Whoever is in view now. From any thread."""
        with self.standing_still():
            self._missed = True
            self._sessions.clear()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Nothing is written inside, and no file is open. For another thread."""
        with self._lock:
            self._writer.close_all()
            yield

    def close(self) -> None:
        self._writer.close_all()

    def _take_frame(self, event: FrameObserved) -> None:
        known, frame = self._known(event.session), event.frame
        if known.presence.wants(frame):
            self._write(event, known, frame if self._pictures else replace(frame, jpeg=None))

    def _take_end(self, event: DoorClosed) -> None:
        known = self._known(event.session)
        if known.presence.wants_end(event.closed):
            self._write(event, known, event.closed)
        self._writer.close(event.session)
        del self._sessions[event.session]

    def _known(self, session: str) -> _Session:
        if session not in self._sessions:
            self._sessions[session] = _Session(Presence(left_out=self._missed), cut=self._missed)
        return self._sessions[session]

    def _write(
        self, event: FrameObserved | DoorClosed, known: _Session, what: ObservedFrame | ClosedDoor
    ) -> None:
        entry = RecordedEntry(self._number, what, known.cut)
        self._writer.append(event.session, event.terminal, entry, event.rules)
        self._number += 1
        known.cut = False
        if not known.presence.somebody:
            self._writer.close(event.session)
