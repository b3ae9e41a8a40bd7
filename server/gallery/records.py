"""What is known of one file in faces/."""

from dataclasses import dataclass

from server.gallery.folder import Entry, PhotoFile
from server.gallery.lookalikes import Enrolled
from server.gallery.receipts import LookAlike, Receipt, Status
from server.vision.analysis import PhotoAccepted, PhotoOutcome, PhotoRefused


@dataclass(frozen=True)
class Record:
    """A file, what its content was found to be, and whom it resembles.

    `look_alike`: somebody else who may be confused with this person; with `misplaced` that person is nearer
    than the other photos of the same name, and the photo is not enrolled. `unlike`: the distance to the
    nearest photo of the same name, where that is too far for one person; not enrolled either. `cached`:
    known from an earlier run.
    """

    entry: Entry
    sha256: str | None
    outcome: PhotoOutcome
    cached: bool = False
    look_alike: LookAlike | None = None
    misplaced: bool = False
    unlike: float | None = None

    @property
    def person(self) -> str | None:
        return self.entry.person if isinstance(self.entry, PhotoFile) else None

    @property
    def enrolled(self) -> Enrolled | None:
        """The photo as the gallery takes it; None when it was rejected."""
        if (
            self.person is None
            or self.misplaced
            or self.unlike
            or not isinstance(self.outcome, PhotoAccepted)
        ):
            return None
        return Enrolled(self.person, self.outcome.embedding)

    def receipt(self) -> Receipt:
        if isinstance(self.outcome, PhotoRefused):
            status, reason, detail = Status.REJECTED, self.outcome.flaw.value, self.outcome.detail
        elif self.unlike is not None:
            status, reason = Status.REJECTED, "unlike_others"
            detail = f"the face is unlike the other photos of {self.person} (distance {self.unlike:.2f})"
        elif self.misplaced and self.look_alike is not None:
            status, reason = Status.REJECTED, "looks_like"
            detail = f"the face is nearer to {self.look_alike.name} than to the other photos of {self.person}"
        else:
            status, reason, detail = Status.ACCEPTED, "ok", ""
        return Receipt(self.entry.path, self.person, status, reason, detail, self.look_alike, self.cached)
