"""Unknown faces that came to the doors, for people."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.web.api.strangers import told
from server.web.callers import Ports, Seer
from server.web.strangers import Unknown
from server.web.templating import page

router = APIRouter()


@router.get("/strangers")
async def strangers(request: Request, caller: Seer, running: Ports, unknown: Unknown) -> Response:
    unknown.look()
    return page(request, "strangers.html", caller=caller, found=await told(caller, running, unknown))
