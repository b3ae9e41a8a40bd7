"""Visits of people who were recognised as nobody, out of recordings: their templates, to see who comes back.

The tracks are followed again as they were then; who is enrolled makes no difference to them.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

from server.access.evidence import probe
from server.access.matching.recogniser import Recogniser
from server.access.matching.templates import Template
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.outcome import VisitSummary
from server.access.tracks import Track
from server.recording.entries import RecordedEntry
from server.recording.files import Recording, find, in_order
from server.recording.following import FaceFollower
from server.recording.format import FormatError
from server.support.cipher import Cipher
from wire import Box, Verdict

MOST_ENDED = 32
"""Tracks that have ended and may yet be decided about: a door decides one visit a frame."""

_Key: TypeAlias = tuple[int, float]
"""Looks and seconds of a visit, by which its track is found: hardly another one has the same."""


@dataclass(frozen=True)
class Shown:
    """Where a face is to be seen best: the record `number` of a recording, and its place in that frame, in
    pixels."""

    recording: Path
    number: int
    box: Box


@dataclass(frozen=True, eq=False)
class UnknownVisit:
    """`decision`: the id of the denial. `moment`: of it, by the wall clock. `template`: of all good looks.
    `shown`: None where pictures were not kept."""

    decision: str
    moment: datetime
    terminal: str
    template: Template
    shown: Shown | None


def unknown_visits(
    folder: Path, recogniser: Recogniser, since: datetime, until: datetime, cipher: Cipher | None = None
) -> tuple[list[UnknownVisit], list[str]]:
    """The visits denied as unknown from `since` on and before `until` (the wall clock), and what cannot be
    read, with the reason. Raises OSError.

    What another recogniser has embedded is left out, and so is whoever had no look that was good enough. For
    another thread: an hour with somebody in view, at five frames a second, takes some 6 s.
    """
    recordings, problems = find(folder, since.date(), cipher)
    chosen = [
        each
        for each in recordings
        if each.header.moment < until and each.header.rules.get("recogniser") == recogniser.name
    ]
    visits = [visit for visit in _visits(chosen, recogniser) if since <= visit.moment < until]
    problems += [f"{each.path}: {each.complaint}" for each in chosen if each.complaint is not None]
    return sorted(visits, key=lambda visit: visit.moment), problems


def unknown_on(
    folder: Path, recogniser: Recogniser, days: Iterable[date], cipher: Cipher | None = None
) -> dict[date, list[UnknownVisit]]:
    """The same of each of these days, of which nothing may be recorded; what cannot be read is left out.
    Raises OSError."""
    found = {}
    for day in days:
        since = datetime.combine(day, time())
        found[day] = unknown_visits(folder, recogniser, since, since + timedelta(days=1), cipher)[0]
    return found


def picture(shown: Shown, cipher: Cipher | None = None) -> bytes | None:
    """The JPEG of that frame; None when it is there no more."""
    try:
        entry = Recording(shown.recording, cipher).numbered(shown.number)
    except (FormatError, OSError):
        return None
    return entry.what.jpeg if entry is not None and isinstance(entry.what, ObservedFrame) else None


def _visits(recordings: Iterable[Recording], recogniser: Recogniser) -> Iterator[UnknownVisit]:
    sessions: dict[str, _Session] = {}
    for recording, entry in in_order(recordings):
        header, what = recording.header, entry.what
        if entry.cut or header.session not in sessions:
            sessions[header.session] = _Session(header.terminal, recogniser)
        session = sessions[header.session]
        if isinstance(what, ClosedDoor):
            del sessions[header.session]
            yield from session.close(what)
        else:
            yield from session.see(what, recording.path, entry)


class _Session:
    """One recorded session, followed again."""

    def __init__(self, terminal: str, recogniser: Recogniser) -> None:
        self._terminal = terminal
        self._recogniser = recogniser
        self._follower = FaceFollower(recogniser)
        self._shown: dict[int, tuple[float, Shown]] = {}
        self._ended: deque[tuple[_Key, Track]] = deque(maxlen=MOST_ENDED)
        self._moments: dict[str, datetime] = {}

    def see(self, frame: ObservedFrame, path: Path, entry: RecordedEntry) -> Iterator[UnknownVisit]:
        faces, ended = self._follower.see(frame)
        for face, track in faces:
            if frame.jpeg is not None and face.quality > self._shown.get(track.id, (-1.0,))[0]:
                self._shown[track.id] = face.quality, Shown(path, entry.number, face.box)
        self._ended += [(_key(track), track) for track in ended]
        if frame.decision is not None:
            self._moments[frame.decision.id] = frame.moment
        return self._unknown(frame.ended, frame.moment)

    def close(self, closed: ClosedDoor) -> Iterator[UnknownVisit]:
        """The terminal has left, and with it all whose tracks had not ended."""
        left = [(_key(track), track) for track in self._follower.tracks]
        self._ended = deque([*self._ended, *left])
        return self._unknown(closed.ended, closed.moment)

    def _unknown(self, ended: Iterable[VisitSummary], moment: datetime) -> Iterator[UnknownVisit]:
        """Of the visits that are over those that were denied as nobody."""
        for summary in ended:
            track = self._track_of(summary)
            decision = summary.decision
            decided = moment if decision is None else self._moments.pop(decision.id, moment)
            shown = None if track is None else self._shown.pop(track.id, (0.0, None))[1]
            if decision is None or decision.verdict is not Verdict.DENIED or decision.name is not None:
                continue
            if track is not None and track.evidence:
                template = probe(tuple(track.evidence), self._recogniser.same_view)
                yield UnknownVisit(decision.id, decided, self._terminal, template, shown)

    def _track_of(self, summary: VisitSummary) -> Track | None:
        wanted = summary.looks, summary.seconds
        found = next((each for each in self._ended if each[0] == wanted), None)
        if found is None:
            return None
        self._ended.remove(found)
        return found[1]


def _key(track: Track) -> _Key:
    return track.total_looks, track.last_seen - track.first_look
