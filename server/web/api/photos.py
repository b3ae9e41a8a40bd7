"""Photos: added, shown, held, removed; and looked at before they are taken."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from server.access.seen import PhotoRefused, PictureError
from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.gallery.admission import Ruling
from server.gallery.assessed_file import AssessedFile
from server.gallery.names import NAME_CHARS, person_name
from server.site.incoming import MAX_PHOTOS, Upload, incoming
from server.site.laying_down import lay_down
from server.site.people_changes import release
from server.site.photo_files import read, remove
from server.support.rate import RateLimit
from server.web.acting import noted, staying
from server.web.api.people_models import PATH_CHARS, Judged, Outcomes, sides
from server.web.callers import Enroller, Ports, Seer, require_everywhere
from server.web.enrolling import Enrolling, all_added, prepared_photo
from server.web.etags import IfMatch, require_match
from server.web.people_rights import is_held, require_face_stays, require_may_bar, require_may_take_away
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files, SiteWork
from server.web.uploads import PICTURE, Turns, body_of, form_of, picture_of
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError

router = APIRouter(prefix="/people", tags=["people"])
PER_SECOND, BURST = 3.0, 6.0
"""Pictures of one caller that are only looked at."""
UPLOAD_BYTES = 512 << 20
"""Of one request with photos, or zips of them."""
SIDE = 160
MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
KEPT = {"Cache-Control": "private, no-cache"}
"""By the browser of whoever may see it; whether it is still so is asked each time."""
PICTURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in sorted(set(MEDIA_TYPES.values()))}, "description": "The photo."},
    304: {"description": "It is as the caller has it."},
}
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}, "description": "The face."},
    304: {"description": "It is as the caller has it."},
}
At = Annotated[str, Path(min_length=1, max_length=PATH_CHARS, description="The photo's path in faces/.")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]


class Checks:
    """Who has a picture looked at, and how often. Owned by the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._limit = RateLimit(PER_SECOND, BURST, clock)
        self._busy: set[str] = set()

    def begin(self, caller: str) -> None:
        """Raises ProblemError: not now."""
        wait = 1.0 if caller in self._busy else self._limit.take(caller)
        if wait:
            detail = f"One picture at a time is looked at for you, and at most {PER_SECOND:g} a second."
            raise ProblemError.too_many(detail, wait)
        self._busy.add(caller)

    def end(self, caller: str) -> None:
        self._busy.discard(caller)


@router.post(
    "/photos",
    response_model=Outcomes,
    openapi_extra=body_of("files", several=True, texts=("person",)),
)
async def add_photos(
    request: Request, caller: Enroller, running: Ports, files: Files, uploading: Turns
) -> Outcomes:
    """Add photos, or zips of them, and say what became of each. `person`: whom all of them show; without it
    each is called after the person, as in faces/. A photo that would enrol nobody is not added. Those that
    are added are in force when this is answered, or soon after. One upload at a time is taken from each
    account."""
    require_everywhere(caller)
    with uploading.turn(caller):
        return await _added(request, caller, running, files)


async def _added(request: Request, caller: Caller, running: Running, files: SiteWork) -> Outcomes:
    async with form_of(request, MAX_PHOTOS) as form:
        person = form.get("person") or None
        if not (person is None or (isinstance(person, str) and len(person) <= NAME_CHARS)):
            raise ProblemError.refused(f"person is a name of at most {NAME_CHARS} characters.")
        sent = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not sent:
            raise ProblemError.refused("Send at least one file in the field files.")
        uploads = [Upload(file.filename or "photo.jpg", file.file) for file in sent]
        received = await asyncio.to_thread(incoming, uploads, person)
        return Outcomes(files=await all_added(Enrolling(running, caller, files), received))


@router.post("/check", openapi_extra=body_of(PICTURE))
async def check(request: Request, caller: Enroller, running: Ports) -> Judged:
    """What a photo like this, such as a frame of a camera, would be judged to be. Nothing is kept."""
    checks: Checks = request.app.state.checks
    checks.begin(caller.title)
    try:
        prepared = await prepared_photo(running, await picture_of(request))
    except PictureError as error:
        return Judged(good=False, flaw="unreadable", hint=str(error), box=None)
    finally:
        checks.end(caller.title)
    box = None if prepared.box is None else sides(prepared.box)
    if isinstance(prepared.outcome, PhotoRefused):
        flaw, hint = prepared.outcome.flaw.value, prepared.outcome.detail
        return Judged(good=False, flaw=flaw, hint=hint, box=box)
    return Judged(good=True, flaw=None, hint="", box=box)


@router.get("/photos/{path:path}/thumbnail", response_class=Response, responses=JPEG)
async def thumbnail(
    path: At,
    caller: Seer,
    running: Ports,
    files: Files,
    side: Annotated[int, Query(ge=32, le=512)] = SIDE,
    known: IfNoneMatch = None,
) -> Response:
    """The face on a photo, as a square of so many pixels; the photo's middle where there is none."""
    sha256 = _sha256(_file(running, path))
    headers = {**KEPT, "ETag": f'"{sha256[:32]}-{side}"'}
    if known == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    jpeg = files.thumbnails.get(sha256, side)
    if jpeg is None:
        data = await asyncio.to_thread(read, files.site, path)
        try:
            jpeg = await running.workers.run_beside(worker.thumbnail, data, side)
        except (PictureError, AnalysisFailedError):
            raise ProblemError.refused("There is no picture of this file.") from None
        files.thumbnails.put(sha256, side, jpeg)
    return Response(jpeg, media_type="image/jpeg", headers=headers)


@router.get("/photos/{path:path}", response_class=Response, responses=PICTURES)
async def photo(path: At, caller: Seer, running: Ports, files: Files, known: IfNoneMatch = None) -> Response:
    """A photo as it is stored."""
    file = _file(running, path)
    kind = MEDIA_TYPES.get(file.file.path.suffix.lower())
    if kind is None:
        raise ProblemError.refused("This is no photo.")
    headers = {**KEPT, "ETag": _etag(_sha256(file))}
    if known == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    data = await asyncio.to_thread(read, files.site, path)
    return Response(data, media_type=kind, headers=headers)


@router.delete("/photos/{path:path}", status_code=HTTPStatus.NO_CONTENT)
async def remove_photo(
    path: At, caller: Enroller, running: Ports, files: Files, if_match: IfMatch = None
) -> None:
    """Remove one photo. Whom no other photo enrols is enrolled no more when this is answered; photos of
    others that look like that person are held from then on. One of somebody whom people.toml says anything of
    is removed by an administrator, the last one of somebody with limits by nobody."""
    require_everywhere(caller)
    file = _file(running, path)
    require_may_take_away(caller, file.person, (path,), running.roster())
    require_face_stays(file.person, files.is_last(file), running.roster())
    _unchanged(running, path, if_match)
    details = {} if file.sha256 is None else {"digest": file.sha256}
    alike = await _kept_out_by(files, file)
    async with noted(running, caller, ActKind.PHOTO_REMOVED, path, **details, **staying(alike)):
        await files.hold(alike)
        await files.change(lambda site: remove(site, path, file.sha256))
    await files.until(lambda: _find(running, path) is None)
    await files.forget_thumbnails()


@router.post("/photos/{path:path}/hold", status_code=HTTPStatus.NO_CONTENT)
async def hold_photo(
    path: At, caller: Enroller, running: Ports, files: Files, if_match: IfMatch = None
) -> None:
    """Have a photo enrol nobody until it is released; one of somebody who has limits by an administrator,
    and the last one that enrols them by nobody. Where no other enrols the person, photos of others that look
    like that person are held, too."""
    _require_may_bar(caller, running, path)
    file = _unchanged(running, path, if_match)
    require_face_stays(file.person, files.is_last(file), running.roster())
    alike = await _kept_out_by(files, file)
    async with noted(running, caller, ActKind.PHOTO_HELD, path, **staying(alike)):
        await files.hold([path, *alike])


@router.post("/photos/{path:path}/release", status_code=HTTPStatus.NO_CONTENT)
async def release_photo(
    path: At, caller: Enroller, running: Ports, files: Files, if_match: IfMatch = None
) -> None:
    """Take that back: the photo is judged like any other. One of somebody who has limits is released by an
    administrator."""
    _require_may_bar(caller, running, path)
    _unchanged(running, path, if_match)
    if not is_held(path, running.roster()):
        raise ProblemError.not_found(f"{path} is not held.")
    async with noted(running, caller, ActKind.PHOTO_CONFIRMED, path):
        await files.change(lambda site: lay_down(site, release(path)))
    await files.until(lambda: not _is_set_aside(running, path))


def _require_may_bar(caller: Caller, running: Running, path: str) -> None:
    """Raises ProblemError: somebody has limits whom this photo is of, and the caller is no administrator."""
    require_everywhere(caller)
    shown = _file(running, path).person
    require_may_bar(caller, () if shown is None else (shown,), running.roster())


async def _kept_out_by(files: Files, file: AssessedFile) -> list[str]:
    """Photos of others that would enrol somebody without this one."""
    return [] if file.person is None else await files.mistaken_for(file.person, without=file)


def _find(running: Running, path: str) -> AssessedFile | None:
    try:
        person = person_name(PurePath(path))
    except ValueError:
        person = None
    found = [*running.photos.files_of(person), *(running.photos.files_of(None) if person else ())]
    return next((file for file in found if file.file.path.as_posix() == path), None)


def _file(running: Running, path: str) -> AssessedFile:
    """Raises ProblemError."""
    file = _find(running, path)
    if file is None:
        raise ProblemError.not_found("There is no such photo.")
    return file


def _unchanged(running: Running, path: str, if_match: str | None) -> AssessedFile:
    """The file. Raises ProblemError: there is none, or another one than the caller has seen."""
    file = _file(running, path)
    require_match(if_match, _etag(file.sha256 or ""))
    return file


def _etag(sha256: str) -> str:
    return f'"{sha256[:32]}"'


def _sha256(file: AssessedFile) -> str:
    """Raises ProblemError."""
    if file.sha256 is None:
        raise ProblemError.refused("The file cannot be read.")
    return file.sha256


def _is_set_aside(running: Running, path: str) -> bool:
    file = _find(running, path)
    return file is not None and file.judgement is not None and file.judgement.ruling is Ruling.SET_ASIDE
