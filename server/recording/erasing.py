"""Takes the visits of one person out of recordings, as if they had been left out when they were recorded."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from server.access.decision import Decision
from server.access.matching.recogniser import RECOGNISERS
from server.access.matching.templates import Template, distance, score
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.tracks import LOST_SECONDS
from server.recording.entries import RecordedEntry
from server.recording.files import Recording
from server.recording.format import FormatError, pack, pack_header
from server.support.cipher import Cipher


def erase(path: Path, name: str, templates: Mapping[str, Template], cipher: Cipher | None = None) -> int:
    """Leave out each visit, with whoever else was in view, in which a decision names this person, or a face
    is as near to the person's photos as a stranger's hardly ever is (`Recogniser.misplaced`); returns how
    many records are gone. A file of which nothing is left is removed.

    `templates`: of the person's photos, by the recogniser that has seen them. `cipher`: for a file that is
    encrypted. Raises FormatError, OSError: the file is as it was.
    """
    recording = Recording(path, cipher)
    recogniser = recording.header.rules.get("recogniser", "")
    template = templates.get(recogniser)
    kept: list[bytes] = []
    gone, cut = 0, False
    for visit in _visits(recording):
        if any(name in names(entry) or _shows(entry, template, recogniser) for entry in visit):
            gone, cut = gone + len(visit), True
            continue
        kept += [pack(replace(entry, cut=entry.cut or (cut and not at))) for at, entry in enumerate(visit)]
        cut = False
    if recording.complaint is not None:
        raise FormatError(recording.complaint)
    if gone and not kept:
        path.unlink()
    elif gone:
        recording.replace([pack_header(recording.header), *kept])
    return gone


def names(entry: RecordedEntry) -> Iterator[str | None]:
    """Whom a record names."""
    what = entry.what
    decided = what.decisions if isinstance(what, ClosedDoor) else (what.decision,)
    yield from (decision.name for decision in decided if isinstance(decision, Decision))
    for summary in what.ended:
        yield summary.candidate
        yield None if summary.decision is None else summary.decision.name


def _visits(recording: Recording) -> Iterator[list[RecordedEntry]]:
    """Between two of them nobody was in view."""
    visit: list[RecordedEntry] = []
    seen = -math.inf
    for entry in recording.entries():
        what = entry.what
        if isinstance(what, ObservedFrame) and what.analysis.faces:
            if visit and what.at - seen > LOST_SECONDS:
                yield visit
                visit = []
            seen = what.at
        visit.append(entry)
    if visit:
        yield visit


def _shows(entry: RecordedEntry, template: Template | None, recogniser: str) -> bool:
    if template is None or isinstance(entry.what, ClosedDoor):
        return False
    found = RECOGNISERS[recogniser]
    seen = (face.embedding for face in entry.what.analysis.faces if face.embedding is not None)
    return any(distance(score(template, each, found.exponent)) <= found.misplaced for each in seen)
