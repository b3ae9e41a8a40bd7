"""A site whose doors were recorded: who came to them, and what was decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.access.decision import Decision
from server.access.matching.gallery import Gallery
from server.access.seen import Face
from server.audit.access_log import AccessEntry, parse
from server.events import DoorClosed, FrameObserved
from server.history.rows import decision_row
from server.history.tables import DECISION
from server.history.writing import add
from server.recording.files import FOLDER
from server.recording.recorder import Recorder
from tests.support.console import Site
from tests.support.recorded import LiveDoor
from tests.support.site import END_OF_JPEG

FRAMES, VISIT_SECONDS = 16, 20.0
SETTINGS = {"recogniser": "dlib", "threshold": 0.4, "liveness": "off", "attempts": 0, "record": True}
"""By which synthetic embeddings at round distances are recognised, or not."""
EMPTY_FRAME = b"\xff\xd8"


class RecordedDoor:
    """Everybody comes alone, one after the other, from half an hour ago on; all is recorded and kept."""

    def __init__(
        self,
        site: Site,
        gallery: Gallery,
        terminal: str = "front",
        pictures: bool = True,
        frame: bytes = EMPTY_FRAME,
    ) -> None:
        """`frame`: the JPEG that each picture begins with."""
        self._site = site
        self._rules = site.running.settings.rules()
        self._door = LiveDoor(self._rules, gallery, terminal=terminal)
        self._start = datetime.now() - timedelta(minutes=30)
        self._folder = site.running.settings.logs / FOLDER
        self._pictures, self._frame = pictures, frame
        self._at = 0.0

    def visit(self, face: Face, shows: bytes = b"", frames: int = FRAMES) -> Decision:
        """Somebody comes, stays for a while and goes. `shows`: what pictures of them show."""
        first = len(self._door.frames)
        for number in range(frames + 10):
            seen: Sequence[Face] = [face] if number < frames else []
            self._door.see(seen, self._at + number * 0.25, start=self._start)
            jpeg = self._frame + END_OF_JPEG + shows
            self._door.frames[-1] = replace(self._door.frames[-1], jpeg=jpeg)
        self._at += VISIT_SECONDS
        made = [(frame.decision, frame.moment) for frame in self._door.frames[first:] if frame.decision]
        for decision, moment in made:
            line = AccessEntry(moment.astimezone(), self._door.terminal, decision, 60).line()
            row = decision_row(parse(line), decision.nearest)
            self._site.database.write_here(lambda sql, row=row: _add(sql, row))  # type: ignore[misc]
        return made[-1][0]

    def close(self) -> None:
        """Only then all of it is on the disk."""
        recorder = Recorder.in_folder(self._folder, self._pictures)
        session = f"of {self._door.terminal}"
        for frame in self._door.frames:
            recorder.take(FrameObserved(session, self._door.terminal, frame, self._rules))
        recorder.take(DoorClosed(session, self._door.terminal, self._door.close(), self._rules))
        recorder.close()


def _add(connection: Connection, row: dict[str, object]) -> None:
    add(connection, [(DECISION, row)])
