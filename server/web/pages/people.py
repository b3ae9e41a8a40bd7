"""People: all of them, and each one."""

import asyncio
import logging
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from server.accounts.rights import Caller, Right
from server.gallery.names import NAME_CHARS
from server.history import overview, queries
from server.history.kept import KeptDecision
from server.history.queries import Which
from server.recognition.pseudonyms import Pseudonyms
from server.support.key_file import KeyFileError
from server.web.api.people_models import Badge, Person, shown_path
from server.web.callers import Ports, Seer, SiteAdministrator
from server.web.people_rights import may_bar, may_take_away
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files
from server.web.templating import page
from wire.words import refusal

log = logging.getLogger(__name__)

router = APIRouter()
DECISIONS = 10
BADGES = {
    Badge.NOT_ENROLLED: "not enrolled",
    Badge.HELD: "photo held",
    Badge.REJECTED: "photo rejected",
    Badge.WARNING: "look-alike",
    Badge.DISABLED: "disabled",
    Badge.EXPIRED: "expired",
    Badge.NOT_YET_VALID: "not yet valid",
}


@router.get("/people")
async def people(request: Request, caller: Seer, running: Ports) -> Response:
    return page(request, "people.html", caller=caller, badges=BADGES, doors=_doors(running, caller))


@router.get("/people/{name}")
async def person(
    request: Request,
    name: Annotated[str, Path(max_length=NAME_CHARS)],
    caller: Seer,
    running: Ports,
    files: Files,
) -> Response:
    known = files.known()
    view = await asyncio.to_thread(known.person, name)
    if view is None:
        raise ProblemError.not_found("There is nobody of this name.")

    word = await asyncio.to_thread(_word, running, caller, name)

    def kept(sql: Connection) -> tuple[list[KeptDecision], set[str]]:
        called = (Which(terminals=caller.terminals, person=each) for each in (name, word) if each is not None)
        found = [each for which in called for each in queries.decisions(sql, which, None, DECISIONS)]
        found.sort(key=lambda each: each.moment, reverse=True)
        return found[:DECISIONS], set(overview.known_terminals(sql))

    decisions, terminals = await running.database.read(kept)
    shown = Person.of(view, caller, datetime.now())
    alike = await files.mistaken_for(name) if caller.may(Right.ENROL) else []
    terminals |= {*running.settings.tokens, *known.roster.terminals, *(shown.limits.terminals or ())}
    return page(
        request,
        "person.html",
        caller=caller,
        person=shown,
        etag=f'"{view.etag}"',
        badges=BADGES,
        alike=list(map(shown_path, alike)),
        decisions=decisions,
        word=word,
        terminals=sorted(each for each in terminals - {"default"} if caller.sees(each)),
        doors=_doors(running, caller),
        words=refusal,
        may_bar=lambda *names: all(may_bar(caller, each, known.roster) for each in names),
        may_take_away=lambda *paths: may_take_away(caller, name, paths, known.roster),
    )


@router.get("/system/archive")
async def archive(request: Request, caller: SiteAdministrator) -> Response:
    return page(request, "system_archive.html", caller=caller)


def _word(running: Running, caller: Caller, name: str) -> str | None:
    """By which the log calls somebody, for those who may know whom a word stands for; None: by name."""
    if not running.settings.pseudonymous or not caller.may(Right.ADMINISTER):
        return None
    try:
        return Pseudonyms.known_word(running.settings.logs, name)
    except KeyFileError as error:
        log.warning("pseudonymous: %s", error)
        return None


def _doors(running: Running, caller: Caller) -> list[str]:
    """Terminals that have shown a picture."""
    return sorted({frame.terminal for frame in running.live.newest() if caller.sees(frame.terminal)})
