"""One WebSocket for all doors: the next pictures only when the browser has shown the last, so that whoever is
slow sees fewer, and never old ones."""

import asyncio
import json
from collections.abc import Collection

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from server.accounts.rights import Caller, Right
from server.terminals.live import LiveBoard, Viewer
from server.web.callers import Seer, find_caller, running
from server.web.followers import FOLLOWS
from server.web.live import CHECK_SECONDS, HEALTH_SECONDS, Bulletin, packed, pause_between
from server.web.origin import same_origin

router = APIRouter()
NO_LONGER = 4401
"""Close code: whoever watches may do so no more."""
STOPPING = 1001
MOST_NAMES = 256


@router.websocket("/live/socket", dependencies=[FOLLOWS])
async def live_socket(socket: WebSocket, caller: Seer) -> None:
    if not same_origin(socket.headers.get("origin"), socket.headers.get("host", "")):
        await socket.close()
        return
    await socket.accept()
    with running(socket).live.watch(caller.terminals) as viewer:
        await _Watching(socket, caller, viewer).run()


class _Watching:
    """One browser that watches, until it leaves, may no longer, or the server stops."""

    def __init__(self, socket: WebSocket, caller: Caller, viewer: Viewer) -> None:
        self._socket = socket
        self._caller = caller
        self._viewer = viewer
        self._board: LiveBoard = running(socket).live
        self._bulletin: Bulletin = socket.app.state.bulletin
        self._shown = asyncio.Event()
        self._only: frozenset[str] | None = None

    async def run(self) -> None:
        parts = {
            asyncio.ensure_future(part)
            for part in (self._send_pictures(), self._send_health(), self._receive(), self._check())
        }
        stopping = asyncio.ensure_future(self._socket.app.state.stopping.wait())
        done, _ = await asyncio.wait({*parts, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for part in (*parts, stopping):
            part.cancel()
        await asyncio.gather(*parts, stopping, return_exceptions=True)
        codes = [part.result() for part in done if part in parts and part.exception() is None]
        if not any(isinstance(part.exception(), WebSocketDisconnect) for part in done):
            await self._socket.close(next((code for code in codes if code), STOPPING))

    async def _send_pictures(self) -> int:
        while True:
            frames = [frame for frame in await self._viewer.newer() if self._wants(frame.terminal)]
            for number, frame in enumerate(frames, 1):
                self._shown.clear()
                newest = self._viewer.renewed(frame)
                await self._socket.send_bytes(packed(newest, last=number == len(frames)))
                await asyncio.sleep(pause_between(len(frames), self._board.viewers))
            if frames:
                await self._shown.wait()
            else:
                await asyncio.sleep(pause_between(1, self._board.viewers))

    async def _send_health(self) -> int:
        while True:
            await self._socket.send_text(self._bulletin.message(self._caller.sees))
            await asyncio.sleep(HEALTH_SECONDS)

    async def _receive(self) -> int:
        """ "shown", or which terminals are wanted: a JSON list of names, null for all."""
        while True:
            text = await self._socket.receive_text()
            if text == "shown":
                self._shown.set()
            else:
                self._only = _names(text)

    async def _check(self) -> int:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            caller = await find_caller(self._socket)
            if caller is None or not caller.may(Right.SEE) or caller.terminals != self._caller.terminals:
                return NO_LONGER

    def _wants(self, terminal: str) -> bool:
        return self._only is None or terminal in self._only


def _names(text: str) -> frozenset[str] | None:
    """What is no list of names is taken as no choice."""
    try:
        found: Collection[object] | None = json.loads(text[:65536])
    except ValueError:
        return None
    if not isinstance(found, list):
        return None
    return frozenset(name for name in found[:MOST_NAMES] if isinstance(name, str))
