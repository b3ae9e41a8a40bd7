"""The rules, what others would mean, and what they would have meant."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.recording.files import FOLDER as RECORDINGS
from server.tuning.words import CHOICES
from server.web.api.tuning import Tuner, etag, shown
from server.web.callers import AdministratorInPerson, Ports
from server.web.templating import page

router = APIRouter()


@router.get("/tune")
async def tune(request: Request, caller: AdministratorInPerson, running: Ports, tuner: Tuner) -> Response:
    rules = running.rules.rules
    return page(
        request,
        "tune.html",
        caller=caller,
        shown=await shown(running, tuner, caller),
        etag=etag(running),
        meanings=CHOICES,
        own_margin=rules.recogniser.margin,
        pictures=running.settings.record_pictures,
        replayed=tuner.replays.job is not None,
        recordings=running.settings.logs / RECORDINGS,
    )
