"""Which terminals there are, and who of them is connected."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.access.camera import CameraState
from server.accounts.rights import Caller
from server.history import overview
from server.support.clock import milliseconds
from server.tokens import store
from server.tokens.certificates import all_certificates
from server.web.callers import Ports, Seer
from server.web.running import Running

router = APIRouter(tags=["terminals"])


class ConnectionView(BaseModel):
    """`since`, `camera_since`: milliseconds since 1970. `address`: where it comes from, as the server sees
    it: behind a proxy the proxy's. `camera`: what is wrong with its picture, or ok."""

    since: int
    address: str
    camera: CameraState
    camera_since: int


class TerminalView(BaseModel):
    """`connections`: those that it has now. Without tokens several programs may give themselves one name.
    `last_seen`: when it left, or, where that was not kept, when it was last heard of, in milliseconds since
    1970; null: it is connected, or nothing is known of it."""

    terminal: str = Field(min_length=1)
    connections: list[ConnectionView]
    last_seen: int | None


@router.get("/terminals")
async def all_terminals(caller: Seer, running: Ports) -> list[TerminalView]:
    """All terminals that are connected, have a token or had one, or are in the history, by name."""
    return await terminals_of(running, caller)


async def terminals_of(running: Running, caller: Caller) -> list[TerminalView]:
    """Those that the caller sees."""
    known = await running.database.read(overview.known_terminals)
    tokens = await running.database.read(store.all_tokens)
    certificates = await running.database.read(all_certificates)
    last = {name: moment for name, moment in known.items() if moment is not None}
    connections: dict[str, list[ConnectionView]] = {}
    for health in running.live.health():
        if health.left is None:
            view = ConnectionView(
                since=milliseconds(health.connected),
                address=health.address,
                camera=health.camera,
                camera_since=milliseconds(health.camera_since),
            )
            connections.setdefault(health.terminal, []).append(view)
        else:
            last[health.terminal] = health.left  # the history hears of it later
    proven = {*(each.terminal for each in tokens), *(each.terminal for each in certificates)}
    names = {*last, *connections, *proven, *running.settings.tokens}
    return [
        TerminalView(
            terminal=name,
            connections=connections.get(name, []),
            last_seen=None if name in connections or name not in last else milliseconds(last[name]),
        )
        for name in sorted(names)
        if caller.sees(name)
    ]
