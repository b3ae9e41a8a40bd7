"""All doors at once; and each door's picture, for other programs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from server.accounts.rights import Caller, Right
from server.terminals.live import LiveFrame
from server.web.callers import Ports, Seer, find_caller
from server.web.followers import FOLLOWS
from server.web.live import CHECK_SECONDS, pause_between
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.templating import page

router = APIRouter()
pictures = APIRouter(prefix="/terminals/{name}", tags=["terminals"])
BOUNDARY = "doorward"
HEAD = b"--doorward\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
Responses: TypeAlias = dict[int | str, dict[str, Any]]
JPEG: Responses = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}
STREAM: Responses = {200: {"content": {"multipart/x-mixed-replace": {}}, "description": "The pictures."}}


@router.get("/live")
async def live(request: Request, caller: Seer) -> Response:
    return page(request, "live.html", caller=caller)


@pictures.get("/snapshot.jpg", response_class=Response, responses=JPEG)
async def snapshot(name: str, caller: Seer, running: Ports) -> Response:
    """The newest picture of a door, as its camera sent it."""
    return Response(_newest(running, caller, name).jpeg, media_type="image/jpeg")


@pictures.get("/stream.mjpg", response_class=StreamingResponse, responses=STREAM, dependencies=[FOLLOWS])
async def stream(name: str, caller: Seer, running: Ports, request: Request) -> Response:
    """The pictures of a door as they come, as motion JPEG. It ends with the connection, or with the right to
    see."""
    _newest(running, caller, name)
    kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    return StreamingResponse(_parts(name, running, request), media_type=kind)


def _newest(running: Running, caller: Caller, name: str) -> LiveFrame:
    if caller.sees(name):
        for frame in reversed(running.live.newest()):
            if frame.terminal == name:
                return frame
    raise ProblemError.not_found("There is no such terminal, or it has sent no picture yet.")


async def _parts(name: str, running: Running, request: Request) -> AsyncIterator[bytes]:
    state, loop = request.app.state, asyncio.get_running_loop()
    checked = loop.time()
    try:
        with running.live.watch({name}) as viewer:
            while not state.stopping.is_set():
                for frame in await asyncio.wait_for(viewer.newer(), 30):
                    yield b"".join((HEAD % len(frame.jpeg), frame.jpeg, b"\r\n"))
                await asyncio.sleep(pause_between(1, running.live.viewers))
                if loop.time() - checked > CHECK_SECONDS:
                    checked = loop.time()
                    caller = await find_caller(request)
                    if caller is None or not caller.may(Right.SEE) or not caller.sees(name):
                        return
    except asyncio.TimeoutError:
        return
