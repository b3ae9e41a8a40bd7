"""Unknown faces that came to the doors, who came back first; enrolled with one click, or dismissed."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel

from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.recording.unknown import Shown, picture
from server.site.file_names import canonical
from server.site.incoming import Received
from server.support.clock import milliseconds
from server.web.acting import note
from server.web.api.people_models import NewName, Outcome, Sides, sides
from server.web.callers import Enroller, Ports, Seer, require_everywhere
from server.web.enrolling import Enrolling
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files
from server.web.strangers import Near, Stranger, Strangers, StrangersVisit, Unknown

router = APIRouter(prefix="/strangers", tags=["strangers"])
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The frame."}}
MOST, MOST_VISITS = 60, 50
"""So many faces are told of, and so many visits of each, the latest ones."""
Id = Annotated[str, Path(min_length=1, max_length=64)]


class NearView(BaseModel):
    name: str
    distance: float

    @classmethod
    def of(cls, near: Near | None) -> "NearView | None":
        return None if near is None else cls(name=near.name, distance=near.distance)


class StrangersVisitView(BaseModel):
    """`decision`: the id of the denial. `moment`: milliseconds since 1970."""

    decision: str
    moment: int
    terminal: str
    nearest: NearView | None

    @classmethod
    def of(cls, seen: StrangersVisit) -> "StrangersVisitView":
        visit = seen.visit
        moment = milliseconds(visit.moment)
        nearest = NearView.of(seen.near)
        return cls(decision=visit.decision, moment=moment, terminal=visit.terminal, nearest=nearest)


class StrangerView(BaseModel):
    """One unknown face. `count`: how often it came; `visits`: the latest of these. `nearest`: of those
    enrolled now, to the latest visit. `box`: top, right, bottom and left of the face on its picture; null:
    none is kept."""

    id: str
    count: int
    nearest: NearView | None
    box: Sides | None
    visits: list[StrangersVisitView]

    @classmethod
    def of(cls, stranger: Stranger) -> "StrangerView":
        shown = best_shown(stranger)
        return cls(
            id=stranger.id,
            count=len(stranger.visits),
            nearest=NearView.of(stranger.visits[0].near),
            box=None if shown is None else sides(shown.box),
            visits=list(map(StrangersVisitView.of, stranger.visits[:MOST_VISITS])),
        )


class StrangersView(BaseModel):
    """`looking`: recordings are being read just now, and more may be told soon. `recording`: what is kept at
    all; without it nobody is told of. `days`: how long it is kept."""

    looking: bool
    recording: bool
    pictures: bool
    days: int
    strangers: list[StrangerView]


@router.get("")
async def strangers(caller: Seer, running: Ports, unknown: Unknown) -> StrangersView:
    """Faces that were denied as unknown while `record` was on, for `record_days`: those who came most often
    first."""
    unknown.look()
    return await told(caller, running, unknown)


async def told(caller: Caller, running: Running, unknown: Strangers) -> StrangersView:
    """What is known by now."""
    settings = running.settings
    known = await unknown.known(caller.terminals)
    return StrangersView(
        looking=unknown.looking,
        recording=settings.record,
        pictures=settings.record and settings.record_pictures,
        days=settings.record_days,
        strangers=list(map(StrangerView.of, known[:MOST])),
    )


@router.get("/{id}/picture.jpg", response_class=Response, responses=JPEG)
async def stranger_picture(id: Id, caller: Seer, running: Ports, unknown: Unknown) -> Response:  # noqa: A002
    """The frame in which the face was to be seen best on its latest visit with a picture."""
    _, jpeg = await _picture(running, await _find(unknown, caller, id))
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})


@router.post("/{id}/enrol")
async def enrol_stranger(
    id: Id,  # noqa: A002
    given: NewName,
    caller: Enroller,
    running: Ports,
    unknown: Unknown,
    files: Files,
) -> Outcome:
    """Enrol the face under a name, new or known, by the best picture that is kept of it."""
    stranger = await _find(unknown, caller, id)
    require_everywhere(caller)
    shown, jpeg = await _picture(running, stranger)
    photo = Received("picture of an unknown visitor", jpeg, canonical(given.name))
    enrolling = Enrolling(running, caller, files)
    outcome = await enrolling.add(photo, shown.box, decision=stranger.id)
    if outcome.status == "refused":
        raise ProblemError.refused(f"The picture cannot enrol anybody: {outcome.sentence}.")
    unknown.dismiss(stranger)
    (judged,) = await enrolling.judged([outcome])
    return judged


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def dismiss_stranger(id: Id, caller: Enroller, running: Ports, unknown: Unknown) -> None:  # noqa: A002
    """Tell no more of this face, also when it comes again."""
    stranger = await _find(unknown, caller, id)
    await note(running, caller, ActKind.STRANGER_DISMISSED, stranger.id, visits=str(len(stranger.visits)))
    unknown.dismiss(stranger)


def best_shown(stranger: Stranger) -> Shown | None:
    """Of the latest visit with a picture."""
    return next((seen.visit.shown for seen in stranger.visits if seen.visit.shown is not None), None)


async def _find(unknown: Strangers, caller: Caller, identity: str) -> Stranger:
    """By the decision about any of its visits. Raises ProblemError."""
    for stranger in await unknown.known(caller.terminals):
        if any(seen.visit.decision == identity for seen in stranger.visits):
            return stranger
    raise ProblemError.not_found("There is no such unknown visitor, or no more.")


async def _picture(running: Running, stranger: Stranger) -> tuple[Shown, bytes]:
    """Raises ProblemError."""
    shown = best_shown(stranger)
    jpeg = None if shown is None else await asyncio.to_thread(picture, shown, running.cipher)
    if shown is None or jpeg is None:
        raise ProblemError.not_found("No picture of this visitor is kept.")
    return shown, jpeg
