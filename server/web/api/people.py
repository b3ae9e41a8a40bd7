"""People: listed, limited, renamed, erased; and pairs of look-alikes."""

import asyncio
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from server.audit.log_files import BROKEN, why
from server.audit.operator_log import ActKind
from server.forgetting.people import Looks
from server.forgetting.spelling import Person as Whom
from server.gallery.names import NAME_CHARS
from server.site.erasing import erase_person
from server.site.file_names import canonical
from server.site.laying_down import lay_down
from server.site.listing import PersonView
from server.site.people_changes import Value, confirm, set_person, unconfirm
from server.site.renaming import Rename, rename_person
from server.site.site import Site
from server.support.key_file import KeyFileError
from server.web.acting import noted, staying
from server.web.api.people_models import (
    Erased,
    LimitsChange,
    NewName,
    Other,
    People,
    Person,
    Photo,
    Renamed,
    checked_windows,
    shown_path,
)
from server.web.callers import Administrator, Enroller, Ports, Seer, require_everywhere
from server.web.etags import IfMatch, require_match
from server.web.people_rights import require_may_bar, require_may_take_away
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files, SiteWork
from server.web.strangers import Unknown

router = APIRouter(prefix="/people", tags=["people"])
PAGE, MOST = 60, 200
Called = Annotated[str, Path(min_length=1, max_length=NAME_CHARS, description="Exactly this name.")]


@router.get("")
async def people(
    caller: Seer,
    files: Files,
    query: Annotated[str, Query(max_length=NAME_CHARS)] = "",
    after: Annotated[str | None, Query(max_length=NAME_CHARS)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> People:
    """Everybody who has a photo or is laid down something for, by name. `query`: a part of the name; capitals
    and accents do not count."""
    page = await asyncio.to_thread(partial(files.known().page, limit, query=query, after=after))
    now = datetime.now()
    return People(
        people=[Person.of(view, caller, now) for view in page.people],
        found=page.found,
        next=page.people[-1].name if page.more else None,
    )


@router.get("/unnamed")
async def unnamed(caller: Seer, files: Files) -> list[Photo]:
    """Files in faces/ that are named after nobody."""
    return list(map(Photo.of, await asyncio.to_thread(files.known().unnamed)))


@router.get("/{name}")
async def person(name: Called, caller: Seer, files: Files, response: Response) -> Person:
    """One person. The ETag is another whenever something that can be changed is otherwise."""
    view = await files.person(name)
    response.headers["ETag"] = _etag(view)
    return Person.of(view, caller, datetime.now())


@router.patch("/{name}")
async def change_limits(
    name: Called,
    given: LimitsChange,
    caller: Administrator,
    running: Ports,
    files: Files,
    response: Response,
    if_match: IfMatch = None,
) -> Person:
    """Lay down when and where somebody may come in. It holds at the doors when this is answered."""
    require_everywhere(caller)
    values = _values(given)
    require_match(if_match, _etag(await files.person(name)))
    check = partial(_require_unchanged, files, name, if_match)
    async with noted(running, caller, ActKind.PERSON_CHANGED, name, **_details(values)):
        await files.change(lambda site: lay_down(site, set_person(name, values), check=check))
    view = await asyncio.to_thread(files.known().person, name) or PersonView.nobody(name)
    response.headers["ETag"] = _etag(view)
    return Person.of(view, caller, datetime.now())


@router.post("/{name}/rename")
async def rename(
    name: Called,
    given: NewName,
    caller: Enroller,
    running: Ports,
    files: Files,
    if_match: IfMatch = None,
) -> Renamed:
    """Give somebody another name, which nobody has; whatever limits hold go along. With `merge` somebody has
    it, and gets the photos beside their own: these two are one person. Then nothing may be laid down for the
    old name, and no photo enrol it. The history keeps the old name. Whoever people.toml says anything of is
    renamed by an administrator."""
    require_everywhere(caller)
    new = canonical(given.name)
    view = await files.person(name)
    require_may_take_away(caller, name, _paths(view), running.roster())
    require_match(if_match, _etag(view))
    if new == name:
        raise ProblemError.refused("That is the present name.")
    if not given.merge and await _is_known(files, new):
        raise ProblemError.conflict(f"There is a {new} already.")
    if given.merge and view.enrolled:
        raise ProblemError.conflict(f"{name} is enrolled; hold or remove these photos first.")
    merged = {"merged": "yes"} if given.merge else {}

    def work(site: Site) -> Rename:
        _require_unchanged(files, name, if_match)
        return rename_person(site, name, new, merge=given.merge)

    async with noted(running, caller, ActKind.PERSON_RENAMED, name, to=new, **merged):
        done = await files.change(work)
    if given.merge:
        await files.until(lambda: name not in files.known().named)
    return Renamed(name=done.new, photos=len(done.paths))


@router.delete("/{name}")
async def erase(
    name: Called,
    caller: Administrator,
    running: Ports,
    files: Files,
    unknown: Unknown,
    history_too: Annotated[bool, Query(alias="history")] = False,
    if_match: IfMatch = None,
) -> Erased:
    """Remove all photos of somebody, what is computed from them, and what is laid down. `history`: remove
    recorded visits, too, and have history and logs name them no more, but by a word that only this site's key
    makes; then look for what is left. Photos of others that enrol nobody because they look like this person
    stay held, until somebody releases them. It can be asked for again."""
    require_everywhere(caller)
    known = await _is_known(files, name)
    if known:
        require_match(if_match, _etag(await files.person(name)))
    whom = await _whom(running, files, name) if history_too else None
    if not known and (whom is None or not await running.forgetter.left(whom, Looks())):
        raise ProblemError.not_found("There is nobody of this name.")
    alike = await files.mistaken_for(name)
    said = {"history": "yes" if history_too else "no", **staying(alike)}

    def work(site: Site) -> tuple[int, bool]:
        _require_unchanged(files, name, if_match)
        return erase_person(site, name)

    looks = Looks() if whom is None else await running.forgetter.looks(name)
    noted_as = name if whom is None else whom.word
    async with noted(running, caller, ActKind.PERSON_ERASED, noted_as, **said):
        await files.hold(alike)
        photos, limits = await files.change(work) if known else (0, False)
    await files.until(lambda: files.known().person(name) is None)
    await files.forget_thumbnails()
    held = list(map(shown_path, alike))
    if whom is None:
        return Erased(photos=photos, limits=limits, history=None, held=held, left=[])
    unknown.forget()
    done = await running.forgetter.forget(whom, looks)
    changed = done.rows + done.lines + done.records
    return Erased(photos=photos, limits=limits, history=changed, held=held, left=done.problems)


@router.post("/{name}/confirm", status_code=HTTPStatus.NO_CONTENT)
async def confirm_pair(name: Called, given: Other, caller: Enroller, running: Ports, files: Files) -> None:
    """Say that somebody and a look-alike are two people: both are enrolled. An administrator says it of
    whoever has limits."""
    require_may_bar(caller, (name, given.other), running.roster())
    other = (await files.person(given.other)).name
    if (await files.person(name)).name == other:
        raise ProblemError.refused("These are one person.")
    async with noted(running, caller, ActKind.PERSON_CHANGED, name, confirmed=other):
        await files.change(lambda site: lay_down(site, confirm(name, other)))


@router.post("/{name}/unconfirm", status_code=HTTPStatus.NO_CONTENT)
async def unconfirm_pair(name: Called, given: Other, caller: Enroller, running: Ports, files: Files) -> None:
    """Take that back: of the two, who came later is enrolled no more if the faces are that near."""
    require_may_bar(caller, (name, given.other), running.roster())
    if frozenset((name, given.other)) not in running.roster().confirmed:
        raise ProblemError.not_found(f"{name} and {given.other} are not confirmed.")
    async with noted(running, caller, ActKind.PERSON_CHANGED, name, unconfirmed=given.other):
        await files.change(lambda site: lay_down(site, unconfirm(name, given.other)))


def _etag(view: PersonView) -> str:
    return f'"{view.etag}"'


def _paths(view: PersonView) -> list[str]:
    return [photo.path for photo in view.photos]


def _require_unchanged(files: SiteWork, name: str, if_match: str | None) -> None:
    view = files.known().person(name)
    if if_match is not None:
        require_match(if_match, "" if view is None else _etag(view))


async def _whom(running: Running, files: SiteWork, name: str) -> Whom:
    """Raises ProblemError."""
    try:
        return await running.forgetter.whom(name, [*files.known().named, *running.roster().permits])
    except (KeyFileError, *BROKEN) as error:
        raise ProblemError.refused(f"The logs cannot be read: {why(error)}.") from error


async def _is_known(files: SiteWork, name: str) -> bool:
    return await asyncio.to_thread(files.known().person, name) is not None


def _values(given: LimitsChange) -> dict[str, Value | None]:
    """As people.toml has them. Raises ProblemError."""
    values: dict[str, Value | None] = given.model_dump(exclude_unset=True)
    if not values.get("disabled", True):
        values["disabled"] = None
    if given.schedule is not None:
        try:
            values["schedule"] = checked_windows(given.schedule)
        except ValueError as error:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            detail = "The schedule has a window that cannot be used."
            raise ProblemError(status, "invalid", detail, fields={"schedule": str(error)}) from error
    if given.valid_from and given.valid_until and given.valid_from > given.valid_until:
        raise ProblemError.refused("The last day is before the first.")
    return values


def _details(values: dict[str, Value | None]) -> dict[str, str]:
    """For the operators' record."""
    return {key: _said(value) for key, value in values.items()}


def _said(value: Value | None) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "no limit" if value is None else str(value)
