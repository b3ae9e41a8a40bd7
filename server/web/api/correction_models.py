"""What the API says of corrections."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from server.access.decision import Decision
from server.accounts.rights import Caller
from server.history.corrections import Correction, CorrectionKind
from server.recording.looks import Shown
from server.recording.other_gallery import Changed, Comparison
from server.support.clock import milliseconds
from server.web.api.people_models import PATH_CHARS, Name, Outcome, Sides, shown_path, sides
from server.web.correcting import Near, NearPhoto, OneMorePhoto

MOST_CHANGED = 100
"""Visits that would come out otherwise are listed up to so many, the latest ones."""
PhotoPath = Annotated[str, Field(min_length=1, max_length=PATH_CHARS)]


class NotHer(BaseModel):
    """Somebody else was granted as this person. `photo`: one of that person's, which is to enrol nobody from
    now on; without it none is."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["not_her"]
    photo: PhotoPath | None = None


class WasHim(BaseModel):
    """Somebody enrolled was denied as unknown. `add`: the picture of the decision becomes a further photo;
    else it is only noted that the decision was wrong."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["was_him"]
    person: Name
    add: StrictBool = True


Given: TypeAlias = Annotated[NotHer | WasHim, Field(discriminator="kind")]


class PictureView(BaseModel):
    """A frame, at `picture.jpg` of the decision. `box`: top, right, bottom and left of the face."""

    width: int
    height: int
    box: Sides

    @classmethod
    def of(cls, shown: Shown) -> "PictureView":
        return cls(width=shown.width, height=shown.height, box=sides(shown.box))


class PhotoNear(BaseModel):
    """A photo, and how far the face of the decision is from it alone; null: that is not recorded."""

    path: str
    distance: float | None
    enrolled: bool

    @classmethod
    def of(cls, near: NearPhoto) -> "PhotoNear":
        return cls(path=shown_path(near.path), distance=near.distance, enrolled=near.enrolled)


class RecordedLook(BaseModel):
    """`recorded`: whether anything is. `sentence`: why there is no picture, or empty. `person`: who was
    nearest then, and `photos` that person's, the nearest first."""

    recorded: bool
    picture: PictureView | None
    sentence: str
    person: str | None
    photos: list[PhotoNear]


class WouldBe(BaseModel):
    """A visit that would come out otherwise, decided by today's rules. `decision`: the id of what was decided
    then."""

    moment: int
    terminal: str
    decision: str | None
    with_photo: str
    without_photo: str

    @classmethod
    def of(cls, changed: Changed) -> "WouldBe":
        return cls(
            moment=milliseconds(changed.moment),
            terminal=changed.terminal,
            decision=changed.decision,
            with_photo=_outcome(changed.one),
            without_photo=_outcome(changed.other),
        )


class Changes(BaseModel):
    """What holding the photo changes of `visits` recorded ones, since midnight of `since`; null: nothing is
    recorded. `complete`: False when the time was up before all of it was. `changed`: how many, of
    which the latest are `listed`."""

    since: str | None
    visits: int
    complete: bool
    changed: int
    listed: list[WouldBe]

    @classmethod
    def of(cls, found: Comparison, caller: Caller) -> "Changes":
        changed = [WouldBe.of(each) for each in found.changed if caller.sees(each.terminal)]
        return cls(
            since=None if found.since is None else found.since.isoformat(),
            visits=found.visits,
            complete=found.complete,
            changed=len(changed),
            listed=changed[::-1][:MOST_CHANGED],
        )


class NotHerLook(BaseModel):
    """`photos`: of the person who was granted, the nearest to the face first. `photo`: the one that would be
    held. `last`: no other one enrols the person. `changes`: null without a recording, or a photo."""

    kind: Literal["not_her"]
    person: str
    photos: list[PhotoNear]
    photo: str | None
    last: bool
    changes: Changes | None


class NearView(BaseModel):
    name: str
    distance: float

    @classmethod
    def of(cls, near: Near | None) -> "NearView | None":
        return None if near is None else cls(name=near.name, distance=near.distance)


class WasHimLook(BaseModel):
    """`good`: the picture can be added as a photo; else `sentence` says why not, or what speaks against it.
    `photos`: that enrol the person now. `refused`, `refused_then`: the share of visits that are refused at
    first, now and with this photo. `own`: how far the photo is from the others. `other`, `other_then`: who
    else comes nearest to the person. `risk`: the share of strangers' visits that `threshold` lets in; more
    photos of one person do not change it. What is not known is null."""

    kind: Literal["was_him"]
    person: str
    good: bool
    sentence: str
    picture: PictureView | None
    photos: int
    refused: float | None = None
    refused_then: float | None = None
    own: float | None = None
    other: NearView | None = None
    other_then: NearView | None = None
    threshold: float | None = None
    risk: float | None = None

    @classmethod
    def of(cls, person: str, shown: Shown, found: OneMorePhoto) -> "WasHimLook":
        return cls(
            kind="was_him",
            person=person,
            good=not found.objection,
            sentence=found.objection,
            picture=PictureView.of(shown),
            photos=found.photos,
            refused=found.refused,
            refused_then=found.refused_then,
            own=found.own,
            other=NearView.of(found.other),
            other_then=NearView.of(found.other_then),
            threshold=found.threshold,
            risk=found.risk,
        )


class CorrectionView(BaseModel):
    """Who has said that a decision was wrong, and when. `person`: who it was not, or who it was. `photo`: the
    one that is held since. `added`: whether the picture was added as a photo."""

    kind: CorrectionKind
    person: str
    photo: str | None
    added: bool
    operator: str
    moment: int

    @classmethod
    def of(cls, correction: Correction) -> "CorrectionView":
        return cls(
            kind=correction.kind,
            person=correction.person,
            photo=None if correction.photo is None else shown_path(correction.photo),
            added=correction.added,
            operator=correction.operator,
            moment=milliseconds(correction.moment),
        )


class Corrected(BaseModel):
    """`added`: what became of the photo that was added, where one was."""

    kind: CorrectionKind
    person: str
    held: str | None = None
    added: Outcome | None = None


def _outcome(decision: Decision | None) -> str:
    if decision is None:
        return "nothing decided"
    return f"{decision.verdict.value} {decision.name or 'unknown'}"
