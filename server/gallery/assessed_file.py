"""A file in faces/, and what it was found to be."""

import json
from dataclasses import dataclass

import numpy as np

from server.access.seen import PhotoAccepted, PhotoOutcome, PhotoRefused
from server.gallery.admission import Arrived, Judgement, Ruling
from server.gallery.folder import FolderItem, PhotoFile
from server.gallery.receipts import LookAlike, Receipt, Status


@dataclass(frozen=True)
class AssessedFile:
    """A file, what its content was found to be, and what follows from that.

    `arrival`: grows in the order in which photos came. `cached`: known from an earlier run. `judgement`:
    whether it is enrolled beside the others; None as long as they were not compared. `look_alike`: somebody
    enrolled who may be confused with this person, which nobody has confirmed yet.
    """

    file: FolderItem
    sha256: str | None
    outcome: PhotoOutcome
    arrival: int = 0
    cached: bool = False
    judgement: Judgement | None = None
    look_alike: LookAlike | None = None

    @property
    def person(self) -> str | None:
        return self.file.person if isinstance(self.file, PhotoFile) else None

    @property
    def arrived(self) -> Arrived | None:
        """The photo as it is compared with others; None when it shows no face to compare."""
        if self.person is None or self.sha256 is None or not isinstance(self.outcome, PhotoAccepted):
            return None
        rows = np.stack([self.outcome.embedding, self.outcome.mirrored])
        return Arrived(self.file.path, self.sha256, self.person, rows)

    @property
    def enrolled(self) -> bool:
        return self.judgement is not None and self.judgement.ruling is Ruling.ADMITTED

    @property
    def looks_like(self) -> str | None:
        """Because of whom the photo enrols nobody."""
        other = None if self.judgement is None else self.judgement.other
        return None if other is None else other.name

    def has_content_of(self, other: "AssessedFile | None") -> bool:
        """Whether both were read, and hold the same bytes."""
        return other is not None and self.sha256 is not None and self.sha256 == other.sha256

    def receipt(self, advice: str = "") -> Receipt:
        """`advice`: what to tell about a photo that was accepted."""
        look_alike = self.look_alike
        if isinstance(self.outcome, PhotoRefused):
            status, reason, detail = Status.REJECTED, self.outcome.flaw.value, self.outcome.detail
        elif self.judgement is None or self.judgement.ruling is Ruling.ADMITTED:
            status, reason, detail = Status.ACCEPTED, "ok", advice
        else:
            look_alike = self.judgement.other
            status, reason, detail = _not_enrolled(self.person, self.judgement)
        return Receipt(
            path=self.file.path,
            person=self.person,
            status=status,
            reason=reason,
            detail=detail,
            look_alike=look_alike,
            cached=self.cached,
        )


def _not_enrolled(person: str | None, judgement: Judgement) -> tuple[Status, str, str]:
    other = judgement.other
    if judgement.ruling is Ruling.SET_ASIDE:
        detail = "the photo is held by faces/people.toml until it is released there"
        return Status.HELD, "held_by_hand", detail
    if other is None:
        detail = f"the face is unlike the other photos of {person} (distance {judgement.distance:.2f})"
        return Status.REJECTED, "unlike_others", detail
    if judgement.ruling is Ruling.MISPLACED:
        detail = f"the face is nearer to {other.name} than to the other photos of {person}"
        return Status.REJECTED, "looks_like", detail
    pair = json.dumps([person, other.name], ensure_ascii=False)
    detail = (
        f"{person} could be taken for {other.name}, who came first (distance {other.distance:.2f}); if they"
        f" are two people, write confirmed = [{pair}] at the top of faces/people.toml, else remove one photo"
    )
    return Status.HELD, "needs_confirmation", detail
