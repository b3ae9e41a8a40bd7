"""How the server is doing."""

from fastapi import APIRouter

from server.web.callers import Administrator, Ports
from server.web.state import state
from server.web.state_views import StateView

router = APIRouter(tags=["system"])


@router.get("/system")
async def system(caller: Administrator, running: Ports) -> StateView:
    """How the server is doing now."""
    return await state(running)
