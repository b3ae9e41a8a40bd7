"""What the API says of people and their photos."""

from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, StrictBool

from server.access.permits import Permit, Window, bar
from server.accounts.rights import Caller
from server.gallery.admission import LookAlikes
from server.gallery.names import NAME_CHARS
from server.gallery.receipts import LookAlike, Status
from server.site.listing import PersonView, PhotoView
from server.support.setting_types import TerminalName
from wire import TERMINAL_CHARS, Box
from wire.reasons import Reason

Sides: TypeAlias = tuple[int, int, int, int]
"""Top, right, bottom and left."""
PATH_CHARS = 600
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS)]


class Badge(str, Enum):
    """What to see of somebody at a glance. `held`, `rejected`: a photo is. `warning`: a look-alike is
    enrolled whom nobody has confirmed. `not_enrolled`: no photo enrols them."""

    NOT_ENROLLED = "not_enrolled"
    HELD = "held"
    REJECTED = "rejected"
    WARNING = "warning"
    DISABLED = "disabled"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"


class Near(BaseModel):
    """Somebody else, and how far the two are apart. `confirmed`: somebody said that they are two people."""

    name: str
    distance: float
    confirmed: bool = False


class Photo(BaseModel):
    """A file in faces/. `status`: ACCEPTED, HELD or REJECTED; `reason`: why, as a stable word; `sentence`:
    what to do, or empty. `look_alike`: whom it could be taken for. `held`: by hand, until it is released."""

    path: str
    sha256: str | None
    status: Status
    reason: str
    sentence: str
    look_alike: Near | None
    held: bool

    @classmethod
    def of(cls, view: PhotoView) -> "Photo":
        alike = view.look_alike
        return cls(
            path=shown_path(view.path),
            sha256=view.sha256,
            status=view.status,
            reason=view.reason,
            sentence=what_to_do(view.reason, view.look_alike, view.sentence),
            look_alike=None if alike is None else Near(name=alike.name, distance=alike.distance),
            held=view.held,
        )


class Limits(BaseModel):
    """When and where somebody may come in; null is no limit. `schedule`: windows of the week, such as
    "mon-fri 07:00-19:00", of which one must hold. `terminals`: the only ones."""

    disabled: bool
    valid_from: date | None
    valid_until: date | None
    schedule: list[str] | None
    terminals: list[str] | None

    @classmethod
    def of(cls, permit: Permit | None, caller: Caller) -> "Limits":
        permit = permit or Permit()
        terminals = permit.terminals
        return cls(
            disabled=permit.disabled,
            valid_from=permit.valid_from,
            valid_until=permit.valid_until,
            schedule=None if permit.schedule is None else list(map(str, permit.schedule)),
            terminals=None if terminals is None else sorted(filter(caller.sees, terminals)),
        )


class Person(BaseModel):
    """`enrolled`: by how many photos. `alike`: enrolled people who are near. `warnings`: in sentences.
    `advice`: what one more photo would gain, or empty."""

    name: str
    badges: list[Badge]
    enrolled: int
    photos: list[Photo]
    limits: Limits
    alike: list[Near]
    warnings: list[str]
    advice: str

    @classmethod
    def of(cls, view: PersonView, caller: Caller, now: datetime) -> "Person":
        return cls(
            name=view.name,
            badges=badges(view, now),
            enrolled=view.enrolled,
            photos=list(map(Photo.of, view.photos)),
            limits=Limits.of(view.permit, caller),
            alike=[_near(pair, view.name) for pair in view.alike],
            warnings=list(view.warnings),
            advice=view.advice,
        )


class People(BaseModel):
    """`found`: how many there are on all pages. `next`: the `after` of the page that follows; null: there is
    none."""

    people: list[Person]
    found: int
    next: str | None


class LimitsChange(BaseModel):
    """What is to hold from now on; null lifts a limit, and what is left out stays as it is."""

    disabled: StrictBool = False
    valid_from: date | None = None
    valid_until: date | None = None
    schedule: (
        Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=100)] | None
    ) = None
    terminals: (
        Annotated[
            list[Annotated[TerminalName, Field(min_length=1, max_length=TERMINAL_CHARS)]],
            Field(min_length=1, max_length=200),
        ]
        | None
    ) = None


class NewName(BaseModel):
    """`merge`: somebody has the name, and is this very person."""

    name: Name
    merge: StrictBool = False


class Other(BaseModel):
    """`other`: the look-alike's name."""

    other: Name


class Renamed(BaseModel):
    """`photos`: how many have another name now."""

    name: str
    photos: int


class Erased(BaseModel):
    """`photos`: how many were removed. `limits`: whether people.toml said something about the person.
    `history`: in how many places of the history and the logs the name stood; null: it was left there. `held`:
    photos of others that look like this person, and enrol nobody until they are released. `left`: where
    something was found that still tells of this person."""

    photos: int
    limits: bool
    history: int | None
    held: list[str]
    left: list[str]


class Outcome(BaseModel):
    """What became of a file. `status`: `accepted`; `held`, it waits for somebody to confirm that it is not a
    look-alike's; `rejected`, it was added and enrols nobody; `added`, it has yet to be judged; `duplicate`,
    this very photo is there already, at `path`; `refused`, it was not added. `sentence`: why. `look_alike`:
    whom a photo that is held could be taken for."""

    file: str
    status: Literal["accepted", "held", "rejected", "added", "duplicate", "refused"]
    person: str | None
    path: str | None
    sentence: str
    look_alike: str | None = None


class Outcomes(BaseModel):
    files: list[Outcome]


class Judged(BaseModel):
    """What a photo like this would be judged to be. `good`: it would enrol somebody. `flaw`: what is wrong,
    as a stable word; `hint`: in plain words. `box`: top, right, bottom and left of the largest face, in
    pixels of the picture, which has at most 4 million; null: no face."""

    good: bool
    flaw: str | None
    hint: str
    box: Sides | None


def badges(view: PersonView, now: datetime) -> list[Badge]:
    """`now`: by the server's wall clock."""
    found = [] if view.enrolled else [Badge.NOT_ENROLLED]
    statuses = {photo.status for photo in view.photos}
    found += [Badge.HELD] if Status.HELD in statuses else []
    found += [Badge.REJECTED] if Status.REJECTED in statuses else []
    found += [Badge.WARNING] if any(not pair.confirmed for pair in view.alike) else []
    reason = bar(view.permit, "", now)
    barred = {
        Reason.DISABLED: Badge.DISABLED,
        Reason.EXPIRED: Badge.EXPIRED,
        Reason.NOT_YET_VALID: Badge.NOT_YET_VALID,
    }
    return found + ([barred[reason]] if reason in barred else [])


def what_to_do(reason: str, look_alike: LookAlike | None, sentence: str) -> str:
    """What a receipt says, for somebody who can press a button where it tells to edit a file."""
    if reason == "held_by_hand":
        return "it enrols nobody until somebody releases it"
    if reason == "needs_confirmation" and look_alike is not None:
        other = look_alike.name
        near = f"the face could be taken for {other}, who came first (distance {look_alike.distance:.2f})"
        return f"{near}; say that {other} is somebody else, or that it is {other}"
    return sentence


def shown_path(path: str | PurePath) -> str:
    """A path as text that can be sent: names of files may be no text."""
    text = path if isinstance(path, str) else path.as_posix()
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def sides(box: Box) -> Sides:
    return box.top, box.right, box.bottom, box.left


def checked_windows(windows: list[str]) -> list[str]:
    """Raises ValueError: one of them is no window, in words for whoever wrote it."""
    return [str(Window.read(window)) for window in windows]


def _near(pair: LookAlikes, name: str) -> Near:
    return Near(
        name=pair.names[pair.names[0] == name], distance=round(pair.distance, 3), confirmed=pair.confirmed
    )
