"""What is kept of visits beside the logs: how near they came, and where it is wanted, what was seen."""

import sqlite3
from pathlib import Path

from server.access.rules import Rules
from server.recording import files
from server.recording.entries import RecordedEnd, RecordedFrame
from server.recording.recorder import Recorder
from server.recording.visits import FILE, VisitStore
from server.support.errors import StartError


class Chronicle:
    """One run's ledger and, perhaps, recordings. Its methods are for the event loop and never wait."""

    def __init__(self, ledger: VisitStore, recorder: Recorder | None) -> None:
        self._ledger = ledger
        self._recorder = recorder

    def take(self, session: str, terminal: str, sight: RecordedFrame) -> None:
        """What a frame of a session was, and meant."""
        if sight.ended:
            self._ledger.add(terminal, sight.moment, sight.ended)
        if self._recorder is not None:
            self._recorder.take(session, terminal, sight)

    def end(self, session: str, terminal: str, parting: RecordedEnd) -> None:
        """A session is over."""
        if parting.ended:
            self._ledger.add(terminal, parting.moment, parting.ended)
        if self._recorder is not None:
            self._recorder.end(session, terminal, parting)

    def close(self) -> None:
        """Write what waits."""
        self._ledger.close()
        if self._recorder is not None:
            self._recorder.close()


def open_chronicle(logs: Path, rules: Rules, record: bool, pictures: bool) -> Chronicle:
    """In the logs folder. Raises StartError."""
    try:
        kept = VisitStore(logs / FILE)
        try:
            return Chronicle(kept, Recorder(logs / files.FOLDER, rules, pictures) if record else None)
        except BaseException:
            kept.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"logs: cannot keep visits in {logs}: {error}") from error
