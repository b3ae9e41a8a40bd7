"""The whole site as one archive: handed out, and brought in."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from server.audit.operator_log import ActKind
from server.database.database import Database
from server.history.exporting import rows_of
from server.history.importing import Counted, Span, bring_in, count
from server.history.rows import Row
from server.history.tables import DECISION, TABLES
from server.site.archive import PASSPHRASE_CHARS, export
from server.site.importing import Effect, compare, merge, replace_all
from server.site.people_edit import ABSENT
from server.site.restoring import Archive, open_archive
from server.support.clock import milliseconds
from server.web.acting import note
from server.web.archives import Archives
from server.web.callers import Administrator, Ports, require_everywhere
from server.web.import_record import limits_told, rules_told
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files
from server.web.uploads import Turns
from server.web.zip_stream import streamed

router = APIRouter(prefix="/site", tags=["site"])
ARCHIVE_BYTES = 16 << 30
"""Of an archive that is sent."""
NAMED = 200
"""Of the photos of each kind that are told by name."""
ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "The archive."}
}
BODY = {"requestBody": {"required": True, "content": {"application/zip": {"schema": {"type": "string"}}}}}
Id = Annotated[str, Field(min_length=1, max_length=64)]
Passphrase = Annotated[str, Field(min_length=PASSPHRASE_CHARS, max_length=1024)]


class Wanted(BaseModel):
    """`passphrase`: what the archive is encrypted with; null: it is not."""

    passphrase: Passphrase | None = None


class Sent(BaseModel):
    """`archive`: by which it is looked at and brought in, for an hour."""

    archive: str
    bytes: int


class Look(BaseModel):
    archive: Id
    passphrase: Annotated[str, Field(max_length=1024)] | None = None


class Mode(str, Enum):
    """`merge`: add what is missing here. `replace`: have the very photos and people.toml of the archive here,
    and no others."""

    MERGE = "merge"
    REPLACE = "replace"


class Import(Look):
    mode: Mode


class Listed(BaseModel):
    """`first`: some of them by their paths."""

    count: int
    first: list[str]

    @classmethod
    def of(cls, paths: Sequence[str]) -> "Listed":
        return cls(count=len(paths), first=list(paths[:NAMED]))


class EffectView(BaseModel):
    """`new`: photos only in the archive. `same`: here, too. `conflicting`: something else has that path here.
    `gone`: only here. `merging`, `replacing`: each change of people.toml by either mode: terminals' rules,
    people's limits, confirmed pairs, held photos. `decisions`: so many of its history are not in the log
    here; `known`: so many are."""

    new: Listed
    same: Listed
    conflicting: Listed
    gone: Listed
    merging: list[str]
    replacing: list[str]
    decisions: int
    known: int

    @classmethod
    def of(cls, effect: Effect, counted: Counted) -> "EffectView":
        return cls(
            new=Listed.of(effect.new),
            same=Listed.of(effect.same),
            conflicting=Listed.of(effect.conflicting),
            gone=Listed.of(effect.gone),
            merging=list(map(str, effect.merging)),
            replacing=list(map(str, effect.replacing)),
            decisions=counted.new,
            known=counted.known,
        )


@router.post("/export", response_class=StreamingResponse, responses=ZIP)
async def export_site(given: Wanted, caller: Administrator, running: Ports, files: Files) -> Response:
    """All photos, people.toml and the history as one zip, made while it is sent. With a passphrase it is
    encrypted (AES-256), and tells no names. Settings, accounts and logs are not in it."""
    require_everywhere(caller)
    stored = await asyncio.to_thread(files.site.people.read)
    moment = datetime.now().astimezone()
    await note(running, caller, ActKind.SITE_EXPORTED, None, encrypted="yes" if given.passphrase else "no")
    write = partial(
        export,
        files.site.faces,
        None if stored.etag == ABSENT else stored.data,
        {table.name: rows_of(running.database, table) for table in TABLES},
        moment=moment,
        passphrase=given.passphrase,
    )
    headers = {"Content-Disposition": f'attachment; filename="doorward-{moment:%Y-%m-%d}.zip"'}
    return StreamingResponse(streamed(write), media_type="application/zip", headers=headers)


@router.post("/archives", status_code=HTTPStatus.CREATED, openapi_extra=BODY)
async def send_archive(request: Request, caller: Administrator, uploading: Turns) -> Sent:
    """Send an archive, as it is, in the body. It is kept in a file that nobody else can open, for an hour,
    and takes the place of one that was sent before. One upload at a time is taken from each account."""
    require_everywhere(caller)
    with uploading.turn(caller):
        archive, size = await _archives(request).receive(request.stream())
    return Sent(archive=archive, bytes=size)


@router.delete("/archives/{archive}", status_code=HTTPStatus.NO_CONTENT)
async def forget_archive(
    archive: Annotated[str, Path(max_length=64)], request: Request, caller: Administrator
) -> None:
    """Forget an archive that was sent."""
    await _archives(request).remove(archive)


@router.post("/import/look")
async def look_at_archive(
    given: Look, request: Request, caller: Administrator, running: Ports, files: Files
) -> EffectView:
    """Check an archive as a whole, and say what bringing it in would find. Nothing is changed."""
    require_everywhere(caller)
    async with _archives(request).use(given.archive) as file:
        archive = await asyncio.to_thread(open_archive, file, given.passphrase)
        effect = await asyncio.to_thread(compare, files.site, archive)
        return EffectView.of(effect, await _decisions(running, archive, count))


@router.post("/import")
async def import_archive(
    given: Import, request: Request, caller: Administrator, running: Ports, files: Files
) -> EffectView:
    """Bring an archive in: photos, people.toml, and in either mode those decisions of its history that are
    not here yet. Each terminal whose rules change, and the people whose limits do, are written down
    first; what people.toml here says stays where it is merged. What was done is answered: of those
    conflicting nothing where it is merged."""
    require_everywhere(caller)
    async with _archives(request).use(given.archive) as file:
        archive = await asyncio.to_thread(open_archive, file, given.passphrase)
        counted = await _decisions(running, archive, count)
        effect = await asyncio.to_thread(compare, files.site, archive)
        change, changes = (
            (merge, effect.merging) if given.mode is Mode.MERGE else (replace_all, effect.replacing)
        )
        for terminal, rules in rules_told(changes).items():
            await note(running, caller, ActKind.RULES_CHANGED, terminal, archive=given.mode.value, **rules)
        what = {
            "mode": given.mode.value,
            "photos": str(len(archive.photos)),
            "decisions": str(counted.new),
            **limits_told(changes),
        }
        await note(running, caller, ActKind.SITE_IMPORTED, None, **what)
        effect = await files.change(lambda site: change(site, archive, changes))
        await files.forget_thumbnails()
        return EffectView.of(effect, await _decisions(running, archive, bring_in))


async def _decisions(
    running: Running, archive: Archive, work: Callable[[Database, Iterable[Row], Span], Counted]
) -> Counted:
    """What `work` counts of those that are in the archive. Raises ProblemError."""
    if DECISION.name not in archive.tables:
        return Counted(0, 0)
    now = datetime.now()
    span = Span(milliseconds(now - timedelta(days=running.settings.history_days)), milliseconds(now))
    try:
        return await asyncio.to_thread(work, running.database, archive.rows(DECISION.name), span)
    except ValueError as error:
        raise ProblemError.refused(f"The archive's history has a decision that is none: {error}.") from None
    except SQLAlchemyError:
        raise ProblemError.busy("The database takes no decisions now; bring the archive in again.") from None


def _archives(request: Request) -> Archives:
    found: Archives = request.app.state.archives
    return found
