"""Who is on a picture: asked of a picture that is chosen, taken, stored, or shown at a door."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.access.seen import Flaw
from server.web.callers import Ports, Verifier
from server.web.running import Running
from server.web.templating import page
from wire.reasons import Reason
from wire.words import REFUSALS

router = APIRouter()
LISTED_PHOTOS = 2000
"""With more the photos are not offered as a list, which would take too long to make."""
WORDS = {Flaw.TOO_SMALL.value: "Face too small", **{each.value: REFUSALS[each] for each in Reason}}
"""Why a face is not recognised, or its person not let in, for a guard."""


@router.get("/verify")
async def verify(request: Request, caller: Verifier, running: Ports) -> Response:
    shown = {frame.terminal for frame in running.live.newest()}
    return page(
        request,
        "verify.html",
        caller=caller,
        people=running.gallery().people,
        photos=_photos(running),
        terminals=sorted(filter(caller.sees, shown)),
        words=json.dumps(WORDS),
    )


def _photos(running: Running) -> list[str]:
    if running.gallery().photos > LISTED_PHOTOS:
        return []
    return [receipt.path.as_posix() for receipt in running.photos.receipts() if receipt.person is not None]
