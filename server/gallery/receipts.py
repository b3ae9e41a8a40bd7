"""What became of each photo, in values that the console, the log and `people` all render."""

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath


class Status(str, Enum):
    """What happened to a photo. `HELD`: it is good, and waits for somebody to say that it may be enrolled."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    REJECTED = "REJECTED"
    REMOVED = "REMOVED"


@dataclass(frozen=True)
class LookAlike:
    """Somebody else who is so near that the two may be confused, and the distance of their templates."""

    name: str
    distance: float


@dataclass(frozen=True)
class Receipt:
    """One photo's outcome.

    `reason`: a stable code. `detail`: a sentence for the person who dropped the photo. `person` is None when
    the file does not name one. `cached`: the photo was known from an earlier run.
    """

    path: PurePath
    person: str | None
    status: Status
    reason: str
    detail: str
    look_alike: LookAlike | None = None
    cached: bool = False

    def __str__(self) -> str:
        """One line for the console."""
        text = f"{self.status.value.lower()} {self.path.as_posix()!r}"
        if self.person is not None:
            text += f" ({self.person})"
        text += f": {self.detail}" if self.detail else ""
        if self.look_alike is not None and self.status is Status.ACCEPTED:
            text += (
                f"; WARNING: looks like {self.look_alike.name} (distance {self.look_alike.distance:.2f}):"
                " neither may be recognised while both are enrolled"
            )
        return text


def summary(people: int, photos: int) -> str:
    """How many are enrolled, such as "1 person by 2 photos"."""
    return f"{people} {'person' if people == 1 else 'people'} by {photos} photo{'' if photos == 1 else 's'}"
