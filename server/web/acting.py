"""What operators do is on the disk before it takes effect."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus

from fastapi import Request

from server.accounts.rights import Caller
from server.audit.operator_log import Act, ActKind
from server.web.api.people_models import shown_path
from server.web.limits import Limits
from server.web.problems import ProblemError
from server.web.running import Running

ASKED_CHARS = 500
"""Of a query, as the record has it."""
LISTED = 20
"""So many photos are named in one act."""


async def note(running: Running, caller: Caller, kind: ActKind, subject: str | None, **details: str) -> None:
    """Write down that `caller` does this. Raises ProblemError: it cannot be, so it is not done."""
    await note_as(running, caller.title, caller.source, kind, subject, **details)


@asynccontextmanager
async def noted(
    running: Running, caller: Caller, kind: ActKind, subject: str | None, **details: str
) -> AsyncIterator[None]:
    """As `note`, around what is done: where that fails after all, as when somebody else was faster, a second
    line says so."""
    await note(running, caller, kind, subject, **details)
    try:
        yield
    except Exception:
        await note(running, caller, kind, subject, failed="yes")
        raise


async def note_export(request: Request, running: Running, caller: Caller, what: str) -> None:
    """Write down that `caller` takes `what` of the history away as a file. It counts as a write: each is a
    line. Raises ProblemError."""
    limits: Limits = request.app.state.limits
    limits.admit(caller, caller.source, "POST")
    asked = {"asked": request.url.query[:ASKED_CHARS]} if request.url.query else {}
    await note(running, caller, ActKind.HISTORY_EXPORTED, what, **asked)


def staying(paths: Sequence[str]) -> dict[str, str]:
    """The detail of an act by which the look-alike of these photos goes, and they are held for that."""
    more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
    return {"held": ", ".join(map(shown_path, paths[:LISTED])) + more} if paths else {}


async def note_as(
    running: Running, operator: str, source: str, kind: ActKind, subject: str | None, **details: str
) -> None:
    """As `note`, of somebody who has yet to prove who it is."""
    act = Act(
        moment=datetime.now().astimezone(),
        operator=operator,
        kind=kind,
        subject=subject,
        source=source,
        details=details,
    )
    try:
        await running.record.note(act)
    except OSError as error:
        detail = "The operators' record cannot be written, so nothing is done."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "record_unavailable", detail) from error
