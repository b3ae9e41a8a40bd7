"""A decision was wrong: what that would mean, and having it said. Also what is recorded of a decision."""

from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from server.access.seen import PhotoRefused, PictureError
from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.gallery.assessed_file import AssessedFile
from server.history.corrections import CorrectionKind
from server.history.kept import KeptDecision
from server.recording.looks import Shown, VisitLook
from server.site.incoming import Received
from server.web.acting import note, noted, staying
from server.web.api.correction_models import (
    Changes,
    Corrected,
    Given,
    NotHerLook,
    PhotoNear,
    PictureView,
    RecordedLook,
    WasHim,
    WasHimLook,
)
from server.web.api.decisions import kept_decision
from server.web.api.people_models import shown_path
from server.web.callers import Corrector, Ports, Seer, require_everywhere
from server.web.correcting import NearPhoto, near_photos, one_more_photo
from server.web.enrolling import Enrolling, prepared_photo
from server.web.people_rights import may_bar, require_face_stays, require_may_bar
from server.web.problems import ProblemError
from server.web.recorded import Recordings
from server.web.running import Running
from server.web.site_work import Files
from wire import Verdict

router = APIRouter(prefix="/decisions", tags=["decisions"])
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The frame."}}
Id = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/{id}/look")
async def look(id: Id, caller: Seer, running: Ports, recorded: Recordings) -> RecordedLook:  # noqa: A002
    """What is recorded of a decision: a picture, and which photo of the nearest person the face is nearest
    to. Pictures and looks are kept while `record` is on, for `record_days`."""
    decision = await _decision(running, caller, id)
    found = await recorded.look(decision)
    person = decision.name or (decision.nearest[0].name if decision.nearest else None)
    return RecordedLook(
        recorded=found is not None,
        picture=None if found is None or found.shown is None else PictureView.of(found.shown),
        sentence=recorded.remark(found),
        person=person,
        photos=list(map(PhotoNear.of, _photos(running, person, found))),
    )


@router.get("/{id}/picture.jpg", response_class=Response, responses=JPEG)
async def picture(id: Id, caller: Seer, running: Ports, recorded: Recordings) -> Response:  # noqa: A002
    """The frame in which the face was to be seen best, as the terminal sent it."""
    shown = _shown(await recorded.look(await _decision(running, caller, id)))
    return Response(shown.jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})


@router.post("/{id}/correction/look")
async def look_at_correction(
    id: Id,  # noqa: A002
    given: Given,
    caller: Corrector,
    running: Ports,
    recorded: Recordings,
    files: Files,
) -> NotHerLook | WasHimLook:
    """What a correction would mean; nothing is changed. Recorded visits are decided again for 20 seconds at
    most, the latest days first."""
    decision = await _decision(running, caller, id)
    found = await recorded.look(decision)
    if isinstance(given, WasHim):
        return await _look_at_him(given.person, decision, found, running, recorded)
    person = _granted(decision)
    photos = _photos(running, person, found)
    enrolled = [each.path for each in photos if each.enrolled]
    chosen = None if given.photo is None else _photo_of(running, person, given.photo).file.path.as_posix()
    likeliest = enrolled and found is not None and may_bar(caller, person, running.roster())
    path = chosen or (enrolled[0] if likeliest else None)
    compared = await recorded.without(PurePath(path), files) if path is not None else None
    return NotHerLook(
        kind="not_her",
        person=person,
        photos=list(map(PhotoNear.of, photos)),
        photo=None if path is None else shown_path(path),
        last=enrolled == [path],
        changes=None if compared is None else Changes.of(compared, caller),
    )


@router.post("/{id}/correction", status_code=HTTPStatus.CREATED)
async def correct(
    id: Id,  # noqa: A002
    given: Given,
    caller: Corrector,
    running: Ports,
    recorded: Recordings,
    files: Files,
) -> Corrected:
    """Say that a decision was wrong. Of somebody who was taken for another one a photo of that one is held;
    of somebody who was not recognised the picture becomes a further photo; or either is only noted."""
    decision = await _decision(running, caller, id)
    if isinstance(given, WasHim):
        _require_denied(decision)
        _known(running, given.person)
        if not given.add:
            details = {"correction": given.kind, "person": given.person, "added": "no"}
            await note(running, caller, ActKind.DECISION_CORRECTED, id, **details)
            return Corrected(kind=CorrectionKind.WAS_HIM, person=given.person)
        require_everywhere(caller)
        shown = _shown(await recorded.look(decision))
        return await _add_him(given.person, decision, shown, running, caller, files)
    person = _granted(decision)
    details = {"correction": given.kind, "person": person}
    if given.photo is None:
        await note(running, caller, ActKind.DECISION_CORRECTED, id, **details)
        return Corrected(kind=CorrectionKind.NOT_HER, person=person)
    require_may_bar(caller, (person,), running.roster())
    file = _photo_of(running, person, given.photo)
    require_face_stays(person, files.is_last(file), running.roster())
    path, alike = file.file.path.as_posix(), await files.mistaken_for(person, without=file)
    said = {"photo": path, **details, **staying(alike)}
    async with noted(running, caller, ActKind.DECISION_CORRECTED, id, **said):
        await files.hold([path, *alike])
    return Corrected(kind=CorrectionKind.NOT_HER, person=person, held=shown_path(path))


async def _look_at_him(
    person: str, decision: KeptDecision, found: VisitLook | None, running: Running, recorded: Recordings
) -> WasHimLook:
    _require_denied(decision)
    own = _known(running, person)
    photos = sum(file.enrolled for file in own)
    blank = WasHimLook(kind="was_him", person=person, good=False, sentence="", picture=None, photos=photos)
    if found is None or found.shown is None:
        return blank.model_copy(update={"sentence": recorded.remark(found)})
    shown = found.shown
    try:
        prepared = await prepared_photo(running, shown.jpeg, shown.box)
    except PictureError as error:
        return blank.model_copy(update={"sentence": _sentence(str(error)), "picture": PictureView.of(shown)})
    if isinstance(prepared.outcome, PhotoRefused):
        why = {"sentence": _sentence(prepared.outcome.detail), "picture": PictureView.of(shown)}
        return blank.model_copy(update=why)
    more = one_more_photo(person, prepared.outcome, own, running.gallery(), running.rules.rules)
    return WasHimLook.of(person, shown, more)


async def _add_him(
    person: str, decision: KeptDecision, shown: Shown, running: Running, caller: Caller, files: Files
) -> Corrected:
    try:
        prepared = await prepared_photo(running, shown.jpeg, shown.box)
    except PictureError as error:
        raise ProblemError.refused(_sentence(str(error))) from None
    if isinstance(prepared.outcome, PhotoRefused):
        raise ProblemError.refused(_sentence(prepared.outcome.detail))
    details = {"correction": CorrectionKind.WAS_HIM.value, "person": person}
    await note(running, caller, ActKind.DECISION_CORRECTED, decision.id, **details)
    enrolling = Enrolling(running, caller, files)
    photo = Received(f"decision {decision.id}", shown.jpeg, person)
    outcome = await enrolling.add(photo, shown.box, decision=decision.id)
    (judged,) = await enrolling.judged([outcome])
    return Corrected(kind=CorrectionKind.WAS_HIM, person=person, added=judged)


async def _decision(running: Running, caller: Caller, identity: str) -> KeptDecision:
    lines, _ = await kept_decision(running, caller, identity)
    return lines[-1]


def _granted(decision: KeptDecision) -> str:
    """Who was. Raises ProblemError."""
    if decision.verdict != Verdict.GRANTED.value or decision.name is None:
        raise ProblemError.conflict("This decision granted nobody.")
    return decision.name


def _require_denied(decision: KeptDecision) -> None:
    """Raises ProblemError."""
    if decision.verdict != Verdict.DENIED.value or decision.name is not None:
        raise ProblemError.conflict("This decision denied nobody who was not recognised.")


def _known(running: Running, person: str) -> list[AssessedFile]:
    """The person's files. Raises ProblemError."""
    files = running.photos.files_of(person)
    if not files:
        raise ProblemError.not_found("There is nobody of this name.")
    return files


def _photos(running: Running, person: str | None, look: VisitLook | None) -> list[NearPhoto]:
    if person is None:
        return []
    template = None if look is None else look.template
    return near_photos(running.photos.files_of(person), template, running.gallery().recogniser.exponent)


def _photo_of(running: Running, person: str, path: str) -> AssessedFile:
    """Raises ProblemError."""
    for file in running.photos.files_of(person):
        if path in (file.file.path.as_posix(), shown_path(file.file.path)):
            return file
    raise ProblemError.not_found(f"{person} has no such photo.")


def _shown(look: VisitLook | None) -> Shown:
    """Raises ProblemError."""
    if look is None or look.shown is None:
        raise ProblemError.not_found("No picture of this decision is kept.")
    return look.shown


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
