"""What is known of every file in faces/, and the gallery that follows from it. Touches no file itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import Recogniser
from server.access.odds import look_threshold, refused_at_first
from server.access.rules import Rules
from server.gallery.admission import Admission, Arrived, LookAlikes, Pair, Ruling, Threshold, warnings
from server.gallery.advice import Refused, advice
from server.gallery.arrivals import Arrival, Arrivals
from server.gallery.assessed_file import AssessedFile
from server.gallery.folder import FolderItem
from server.gallery.receipts import Receipt, Status


@dataclass(frozen=True)
class Enrolling:
    """What decides beside the photos. `recogniser`: whose embeddings they have. `threshold`: at which
    distance people could be taken for each other. `refused`: what a person's photos cost in refusals.
    `confirmed`: the pairs of people, at this moment, that may look alike."""

    recogniser: Recogniser
    threshold: Threshold
    refused: Refused
    confirmed: Callable[[], frozenset[Pair]] = frozenset

    @classmethod
    def by(cls, rules: Rules, confirmed: Callable[[], frozenset[Pair]]) -> "Enrolling":
        return cls(
            rules.recogniser, partial(look_threshold, rules), partial(refused_at_first, rules), confirmed
        )


class Changes(NamedTuple):
    """What is in the folder no more, differently, and newly; by the files' times."""

    gone: list[PurePath]
    changed: list[FolderItem]
    fresh: list[FolderItem]


class Enrolment:
    """Every file, assessed, and the gallery of those that are admitted.

    Not for several threads at once. With many photos `changes`, `known`, `review` and `rebuild` take a while:
    they are for another thread than the event loop's.
    """

    def __init__(self, enrolling: Enrolling, arrivals: Iterable[Arrival]) -> None:
        """`arrivals`: in which order photos came in earlier runs."""
        self.gallery = Gallery.build(enrolling.recogniser, 0, ())
        self._enrolling = enrolling
        self._arrivals = Arrivals(arrivals)
        self._admission = Admission(enrolling.recogniser, enrolling.threshold)
        self._files: dict[PurePath, AssessedFile] = {}

    def __len__(self) -> int:
        """How many files there are, enrolled or not."""
        return len(self._files)

    def get(self, path: PurePath) -> AssessedFile | None:
        return self._files.get(path)

    def holds(self, file: FolderItem) -> bool:
        """Whether this very file, unchanged, has been assessed."""
        known = self._files.get(file.path)
        return known is not None and known.file == file

    def changes(self, present: Iterable[FolderItem]) -> Changes:
        """How the files in the folder differ from those that were assessed."""
        by_path = {file.path: file for file in sorted(present, key=_time)}
        return Changes(
            gone=sorted(path for path in self._files if path not in by_path),
            changed=[file for path, file in by_path.items() if path in self._files and not self.holds(file)],
            fresh=[file for path, file in by_path.items() if path not in self._files],
        )

    def put(self, assessed: AssessedFile) -> None:
        """Take a file, or what has become of it; a photo gets its place in the order of arrival."""
        if assessed.person is not None and assessed.sha256 is not None:
            number = self._arrivals.number(assessed.person, assessed.sha256)
            assessed = replace(assessed, arrival=number)
        self._files[assessed.file.path] = assessed

    def forget(self, path: PurePath) -> None:
        self._files.pop(path, None)

    def remove(self, gone: Iterable[PurePath]) -> list[Receipt]:
        """Forget files that are no more; a receipt for each."""
        return [
            Receipt(
                path=path,
                person=self._files.pop(path).person,
                status=Status.REMOVED,
                reason="removed",
                detail="the file is gone",
            )
            for path in gone
        ]

    def review(self, confirmed: frozenset[Pair]) -> list[PurePath]:
        """Compare all photos and rebuild the gallery; returns those whose judgement, or the warning about
        them, is another than before. `confirmed`: pairs of people who may look alike."""
        ordered = sorted(self._files.values(), key=lambda each: (each.arrival, each.file.path))
        photos = [photo for each in ordered if (photo := each.arrived) is not None]
        judgements = self._admission.review(photos, confirmed)
        alike = warnings(self._admission.look_alikes())
        changed = []
        for path, judgement in judgements.items():
            file = self._files[path]
            look_alike = alike.get(file.person or "") if judgement.ruling is Ruling.ADMITTED else None
            if (file.judgement, file.look_alike) != (judgement, look_alike):
                self._files[path] = replace(file, judgement=judgement, look_alike=look_alike)
                changed.append(path)
        self.rebuild()
        return sorted(changed)

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
        return self._admission.look_alikes()

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
