"""How the server is doing."""

from fastapi import APIRouter

from server.web.callers import Ports, SiteAdministrator
from server.web.state import state
from server.web.state_views import StateView

router = APIRouter(tags=["system"])


@router.get("/system")
async def system(caller: SiteAdministrator, running: Ports) -> StateView:
    """How the server is doing now. For who sees all terminals."""
    return await state(running)
