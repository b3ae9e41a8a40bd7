"""Writes recordings beside the work on frames; whatever happens to them, the door goes on."""

import logging
import math
import queue
import secrets
import shutil
import threading
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import IO

from server.access.rules import Rules
from server.access.tracks import LOST_SECONDS
from server.recording.entries import RecordedEnd, RecordedEntry, RecordedFrame, RecordingHeader
from server.recording.files import SUFFIX, private_file, private_folder
from server.recording.format import pack, pack_header, rules_as_text

log = logging.getLogger(__name__)

MAX_WAITING_BYTES = 64 << 20
"""What may wait for the disk, about. More is dropped."""
SIGHT_BYTES = 4096
"""What a frame weighs beside its picture, about: two faces."""
RESERVE_BYTES = 500 << 20
"""Recording stops while so much is free: without an access log, on the same disk, all are denied."""
CHECK_BYTES = 8 << 20
"""After so many bytes written the disk is looked at again."""


@dataclass
class _Presence:
    """Whether anybody is in view at one terminal, or was just now: every track ends in the recording."""

    last_face: float = -math.inf
    present: bool = False
    dropping: bool = False
    cut: bool = False

    def see(self, sight: RecordedFrame) -> bool:
        """Whether the frame is to be recorded."""
        if sight.analysis.faces:
            self.last_face, self.present = sight.at, True
            return True
        wanted = self.present or sight.decision is not None or bool(sight.ended)
        if sight.at - self.last_face > LOST_SECONDS:
            self.present = False
        return wanted


@dataclass(frozen=True)
class _Work:
    """One record for the writing thread. `over`: the file is not needed for the time being."""

    session: str
    terminal: str
    entry: RecordedEntry
    over: bool
    weight: int


class Recorder:
    """One run's recordings. Its methods are for the event loop and never wait for the disk."""

    def __init__(self, folder: Path, rules: Rules, pictures: bool = False) -> None:
        """`folder`: made where it is missing, private. `rules`: the settings' rules, for the headers. Raises
        OSError."""
        private_folder(folder)
        self._folder = folder
        self._pictures = pictures
        self._rules = rules_as_text(rules)
        self._run = secrets.token_hex(8)
        self._number = 0
        self._sessions: dict[str, _Presence] = {}
        self._complained = False
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._stopped = False
        self._files: dict[str, tuple[date, IO[bytes]]] = {}
        self._unchecked = 0
        self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)
        self._thread.start()

    def take(self, session: str, terminal: str, sight: RecordedFrame) -> None:
        """One frame of a session, in the order in which its door saw them; most show nobody and are not
        recorded."""
        presence = self._sessions.setdefault(session, _Presence())
        if presence.see(sight):
            kept = sight if self._pictures else replace(sight, jpeg=None)
            self._offer(session, terminal, presence, kept)
        if not presence.present:
            presence.dropping = False

    def end(self, session: str, terminal: str, parting: RecordedEnd) -> None:
        """The session is over, and its door closed."""
        presence = self._sessions.pop(session, _Presence())
        if presence.present or parting.decisions or parting.ended:
            presence.present = False
            self._offer(session, terminal, presence, parting)

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _offer(
        self, session: str, terminal: str, presence: _Presence, what: RecordedFrame | RecordedEnd
    ) -> None:
        if self._stopped or presence.dropping:
            return
        picture = what.jpeg if isinstance(what, RecordedFrame) else None
        weight = SIGHT_BYTES + len(picture or b"")
        with self._lock:
            fits = self._waiting + weight <= MAX_WAITING_BYTES
            self._waiting += weight if fits else 0
        if not fits:
            presence.dropping = presence.cut = True
            self._complain()
            return
        entry = RecordedEntry(self._number, what, presence.cut)
        self._number += 1
        presence.cut = False
        self._queue.put(_Work(session, terminal, entry, not presence.present, weight))

    def _complain(self) -> None:
        if not self._complained:
            log.warning("the disk is too slow for recording everything: whole visits are left out")
        self._complained = True

    def _write_all(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                if not self._stopped:
                    self._write(work)
            except Exception as error:
                self._stopped = True
                log.error("RECORDING HAS STOPPED until the next start: %s", error)
            finally:
                with self._lock:
                    self._waiting -= work.weight
        for _, file in self._files.values():
            file.close()

    def _write(self, work: _Work) -> None:
        file = self._file(work)
        data = pack(work.entry)
        if self._unchecked <= 0:
            self._look_at_the_disk()
        self._unchecked -= len(data)
        _append(file, data)
        if work.over:
            self._files.pop(work.session)[1].close()

    def _file(self, work: _Work) -> IO[bytes]:
        """The session's file of that day."""
        moment = work.entry.what.moment
        day, file = self._files.get(work.session, (None, None))
        if file is not None and day == moment.date():
            return file
        if file is not None:
            file.close()
        folder = self._folder / moment.date().isoformat()
        private_folder(folder)
        path = folder / f"{work.session}{SUFFIX}"
        file = open(path, "ab", buffering=0, opener=private_file)  # noqa: SIM115
        self._files[work.session] = moment.date(), file
        if file.tell() == 0:
            header = RecordingHeader(
                self._run, work.session, work.terminal, work.entry.number, moment, self._rules
            )
            _append(file, pack_header(header))
        return file

    def _look_at_the_disk(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < RESERVE_BYTES:
            raise OSError(f"only {free >> 20} MB are free in {self._folder}; the access log needs them")
        self._unchecked = CHECK_BYTES


def _append(file: IO[bytes], data: bytes) -> None:
    written = file.write(data)
    if written != len(data):
        raise OSError(f"only {written} of {len(data)} bytes could be written")
