"""What a decision was made of, out of recordings: how the face looked, as numbers and as a picture."""

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from server.access.decision import Decision
from server.access.evidence import probe
from server.access.matching.gallery import Gallery
from server.access.matching.templates import Template
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.seen import Face
from server.access.tracks import Track
from server.recording.entries import RecordedEntry
from server.recording.files import SUFFIX, Recording
from server.recording.following import FaceFollower
from server.recording.format import FormatError
from server.support.cipher import Cipher
from wire import Box

log = logging.getLogger(__name__)

MOST_FRAMES = 1500
"""So many frames before a decision are looked at: a minute at 27 a second."""
LATE = timedelta(seconds=10)
"""How much later than its frame the line of a decision may have been written."""
MOST_ENDED = 32
"""Tracks that have ended and may yet be decided about: a door decides one visit a frame."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame that was kept, and the `box` of the face in it, in pixels of its `width` x `height`."""

    jpeg: bytes
    box: Box
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class VisitLook:
    """How somebody looked up to a decision. `template`: of the good looks; None: there was none. `shown`:
    where the face is to be seen best; None: no picture is kept."""

    template: Template | None
    shown: Shown | None


def look_of(
    folder: Path,
    decision: str,
    terminal: str,
    moment: datetime,
    gallery: Gallery,
    cipher: Cipher | None = None,
) -> VisitLook | None:
    """What is recorded of this decision; None: nothing is.

    `folder`: of the recordings. `decision`: its id. `moment`: of its line, by the door's clock. `gallery`:
    tells people apart who came together; recordings by another recogniser are left out. Only that terminal's
    files of that day are read: for another thread all the same.
    """
    wall = moment.replace(tzinfo=None)
    for recording in _recordings(folder, terminal, wall, gallery.recogniser.name, cipher):
        session = _Session(gallery)
        try:
            for entry in recording.up_to(decision, MOST_FRAMES):
                found = session.take(entry, decision)
                if found is not None:
                    return found
        except (FormatError, OSError) as error:
            log.warning("%s: %s", recording.path, error)
    return None


def _recordings(
    folder: Path, terminal: str, moment: datetime, recogniser: str, cipher: Cipher | None
) -> Iterator[Recording]:
    """Those in which it may be."""
    for day in sorted({moment.date(), (moment - LATE).date()}):
        for path in _files(folder, day):
            try:
                recording = Recording(path, cipher)
            except (FormatError, OSError):
                continue
            header = recording.header
            of_it = header.terminal == terminal and header.rules.get("recogniser") == recogniser
            if of_it and header.moment <= moment:
                yield recording


def _files(folder: Path, day: date) -> list[Path]:
    return sorted(path for path in (folder / day.isoformat()).glob(f"*{SUFFIX}") if path.is_file())


class _Session:
    """One recorded session, up to a decision."""

    def __init__(self, gallery: Gallery) -> None:
        """`gallery`: whom those are compared with whose looks are asked for."""
        self._gallery = gallery
        self._follower = FaceFollower(gallery.recogniser)
        self._shown: dict[int, tuple[tuple[bool, float], Shown]] = {}
        self._ended: deque[Track] = deque(maxlen=MOST_ENDED)

    def take(self, entry: RecordedEntry, wanted: str) -> VisitLook | None:
        """The next entry; returns the look of the wanted decision where it is made there."""
        what = entry.what
        if isinstance(what, ClosedDoor):
            made = what.decisions
        else:
            self._see(what)
            made = () if what.decision is None else (what.decision,)
        return next((self._look(decision) for decision in made if decision.id == wanted), None)

    def _see(self, frame: ObservedFrame) -> None:
        faces, ended = self._follower.see(frame)
        self._ended += ended
        for face, track in faces:
            if frame.jpeg is not None:
                self._keep_best(track, face, frame, frame.jpeg)

    def _keep_best(self, track: Track, face: Face, frame: ObservedFrame, jpeg: bytes) -> None:
        worth = face.flaw is None, face.quality
        if track.id not in self._shown or worth > self._shown[track.id][0]:
            shown = Shown(jpeg, face.box, frame.analysis.width, frame.analysis.height)
            self._shown[track.id] = worth, shown

    def _look(self, decision: Decision) -> VisitLook | None:
        track = self._track_of(decision)
        if track is None:
            return None
        shown = self._shown.get(track.id)
        return VisitLook(self._template(track), None if shown is None else shown[1])

    def _track_of(self, decision: Decision) -> Track | None:
        """Whom a decision is about that is made now: somebody looked at as often, and of those who came at
        the same time the one as far from the gallery."""
        known = [*self._follower.tracks, *self._ended]
        as_often = [track for track in known if track.total_looks == decision.looks]
        if not as_often and len(known) > 1:
            return None
        return min(as_often or known, key=lambda track: self._misfit(track, decision), default=None)

    def _misfit(self, track: Track, decision: Decision) -> float:
        template = self._template(track)
        if template is None or decision.distance is None:
            return 0.0 if (template is None) == (decision.distance is None) else 2.0
        own = None if decision.name is None else self._gallery.distance_to(decision.name, template)
        if own is None:
            match = self._gallery.match(template)
            own = 2.0 if match is None else match.distance
        return abs(own - decision.distance)

    def _template(self, track: Track) -> Template | None:
        return probe(tuple(track.evidence), track.recogniser.same_view) if track.evidence else None
