"""What is known of every file in faces/, and the gallery that follows from it. Touches no file itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import Recogniser
from server.access.odds import look_threshold, refused_at_first
from server.access.orders import Roster
from server.access.rules import Rules
from server.gallery.admission import Admission, Arrived, Judgement, LookAlikes, Ruling, Threshold, warnings
from server.gallery.advice import Refused, advice
from server.gallery.arrivals import Arrival, Arrivals
from server.gallery.assessed_file import AssessedFile
from server.gallery.folder import FolderItem, PhotoFile
from server.gallery.names import spellings
from server.gallery.receipts import Receipt, Status

_SET_ASIDE = Judgement(Ruling.SET_ASIDE)


@dataclass(frozen=True)
class Enrolling:
    """What decides beside the photos. `recogniser`: whose embeddings they have. `threshold`: at which
    distance people could be taken for each other. `refused`: what a person's photos cost in refusals.
    `roster`: what is laid down at this moment, of which the confirmed pairs of people may look alike, and the
    held photos enrol nobody."""

    recogniser: Recogniser
    threshold: Threshold
    refused: Refused
    roster: Callable[[], Roster]

    @classmethod
    def by(cls, rules: Callable[[], Rules], roster: Callable[[], Roster]) -> "Enrolling":
        """`rules`: the settings' that hold at this moment, always by the same recogniser."""
        return cls(
            recogniser=rules().recogniser,
            threshold=lambda people: look_threshold(rules(), people),
            refused=lambda population, photos: refused_at_first(rules(), population, photos),
            roster=roster,
        )


class Changes(NamedTuple):
    """What is in the folder no more, differently, and newly; by the files' times."""

    gone: list[PurePath]
    changed: list[FolderItem]
    fresh: list[FolderItem]


class Enrolment:
    """Every file, assessed, and the gallery of those that are admitted.

    Not for several threads at once, but for `people`, `files_of` and `look_alikes`. With many photos
    `changes`, `known`, `review` and `rebuild` take a while: they are for another thread than the event
    loop's.
    """

    def __init__(self, enrolling: Enrolling, arrivals: Iterable[Arrival]) -> None:
        """`arrivals`: in which order photos came in earlier runs."""
        self.gallery = Gallery.build(enrolling.recogniser, 0, ())
        self._enrolling = enrolling
        self._arrivals = Arrivals(arrivals)
        self._admission = Admission(enrolling.recogniser, enrolling.threshold)
        self._files: dict[PurePath, AssessedFile] = {}
        self._paths: defaultdict[str | None, set[PurePath]] = defaultdict(set)
        self._named: set[str] = set()
        self._look_alikes: list[LookAlikes] = []

    def __len__(self) -> int:
        """How many files there are, enrolled or not."""
        return len(self._files)

    def get(self, path: PurePath) -> AssessedFile | None:
        return self._files.get(path)

    def find(self, text: str) -> PurePath | None:
        """The file at a path that somebody wrote, relative to faces/."""
        return next((path for path in spellings(text) if path in self._files), None)

    def people(self) -> list[str]:
        """Everybody whom a file is named after, enrolled or not, in no order."""
        return [person for person in self._paths if person is not None]

    def files_of(self, person: str | None) -> list[AssessedFile]:
        """The files named after this person, enrolled or not, by path; None: those that name nobody."""
        paths = sorted(self._paths.get(person, ()))
        return [file for path in paths if (file := self._files.get(path)) is not None]

    def holds(self, file: FolderItem) -> bool:
        """Whether this very file, unchanged, has been assessed."""
        known = self._files.get(file.path)
        return known is not None and known.file == file

    def changes(self, present: Iterable[FolderItem]) -> Changes:
        """How the files in the folder differ from those that were assessed."""
        by_path = {file.path: file for file in sorted(present, key=_time)}
        self._named = {file.person for file in by_path.values() if isinstance(file, PhotoFile)}
        return Changes(
            gone=sorted(path for path in self._files if path not in by_path),
            changed=[file for path, file in by_path.items() if path in self._files and not self.holds(file)],
            fresh=[file for path, file in by_path.items() if path not in self._files],
        )

    def put(self, assessed: AssessedFile) -> None:
        """Take a file, or what has become of it; a photo gets its place in the order of arrival."""
        if assessed.person is not None and assessed.sha256 is not None:
            number = self._arrivals.number(assessed.person, assessed.sha256, self._named)
            assessed = replace(assessed, arrival=number)
        self.forget(assessed.file.path)
        self._files[assessed.file.path] = assessed
        self._paths[assessed.person].add(assessed.file.path)

    def forget(self, path: PurePath) -> AssessedFile | None:
        """No longer know of a file; returns what was known."""
        known = self._files.pop(path, None)
        if known is not None:
            self._paths[known.person].discard(path)
            if not self._paths[known.person]:
                del self._paths[known.person]
        return known

    def remove(self, gone: Iterable[PurePath]) -> list[Receipt]:
        """Forget files that are no more; a receipt for each."""
        return [
            Receipt(
                path=path,
                person=known.person,
                status=Status.REMOVED,
                reason="removed",
                detail="the file is gone",
            )
            for path in gone
            if (known := self.forget(path)) is not None
        ]

    @property
    def current(self) -> bool:
        """Whether the photos were judged by the threshold that holds at this moment."""
        return self._admission.current

    def set_aside(self, roster: Roster) -> list[PurePath]:
        """Have photos that `roster` holds leave the gallery when it is rebuilt; returns those that do."""
        leaving = sorted(path for path in self._held(roster) if self._files[path].enrolled)
        for path in leaving:
            self._files[path] = replace(self._files[path], judgement=_SET_ASIDE, look_alike=None)
        return leaving

    def review(self, roster: Roster) -> list[PurePath]:
        """Compare all photos and rebuild the gallery; returns those whose judgement, or the warning about
        them, is another than before. `roster`: which pairs of people may look alike, and which photos are
        held."""
        ordered = sorted(self._files.values(), key=lambda each: (each.arrival, each.file.path))
        photos = {each.file.path: photo for each in ordered if (photo := each.arrived) is not None}
        held = self._held(roster) & photos.keys()
        free = [photo for path, photo in photos.items() if path not in held]
        judgements = self._admission.review(free, roster.confirmed) | dict.fromkeys(held, _SET_ASIDE)
        self._look_alikes = self._admission.look_alikes()
        alike = warnings(self._look_alikes)
        changed = []
        for path, judgement in judgements.items():
            file = self._files[path]
            look_alike = alike.get(file.person or "") if judgement.ruling is Ruling.ADMITTED else None
            if (file.judgement, file.look_alike) != (judgement, look_alike):
                self._files[path] = replace(file, judgement=judgement, look_alike=look_alike)
                changed.append(path)
        self.rebuild()
        return sorted(changed)

    def _held(self, roster: Roster) -> set[PurePath]:
        return {path for text in roster.held for path in spellings(text) if path in self._files}

    def rebuild(self) -> None:
        """Make the gallery anew, of the files as they were judged last."""
        photos = [(photo.name, photo.rows) for photo in self.photos()]
        self.gallery = Gallery.build(self._enrolling.recogniser, self.gallery.version + 1, photos)

    def known(self) -> tuple[set[str], list[Arrival]]:
        """The hashes of all photos, and the order in which those came that show somebody; what is gone is
        forgotten."""
        read = [each for each in self._files.values() if each.sha256 is not None]
        named = [(each.person, each.sha256) for each in read if each.person and each.sha256]
        return {each.sha256 for each in read if each.sha256}, self._arrivals.keep_only(named)

    def look_alikes(self) -> list[LookAlikes]:
        """Enrolled people who are near each other, nearest first."""
        return self._look_alikes

    def photos(self) -> list[Arrived]:
        """The photos that the gallery is made of."""
        return [photo for each in self._files.values() if each.enrolled and (photo := each.arrived)]

    def receipts(self) -> list[Receipt]:
        """The present outcome of every file, sorted by path."""
        return [self._files[path].receipt() for path in sorted(self._files)]

    def receipt(self, path: PurePath) -> Receipt:
        """The present outcome of one file, and what more photos would help."""
        file = self._files[path]
        if file.person is None or not file.enrolled:
            return file.receipt()
        refused = partial(self._enrolling.refused, self.gallery.population)
        return file.receipt(advice(file.person, self.gallery.photos_of(file.person), refused))


def _time(file: FolderItem) -> tuple[int, PurePath]:
    return file.signature.mtime_ns, file.path
