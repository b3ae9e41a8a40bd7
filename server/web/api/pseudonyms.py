"""Who is at a terminal, as a word that does not name them: for programs that count or greet, and need not
know."""

from fastapi import APIRouter
from pydantic import BaseModel

from server.web.callers import Ports, Seer
from server.web.pictures import newest_of
from server.web.problems import ProblemError
from server.web.stills import Desk

router = APIRouter(tags=["terminals"])
shortcuts = APIRouter(tags=["compatibility"])
"""For programs that know one terminal only, outside of /api/v1."""


class TerminalHash(BaseModel):
    """`hash`: 16 hexadecimal digits that stand for the person recognised at the terminal now, the same each
    time; null: nobody is, or nobody is there."""

    terminal: str
    hash: str | None


@router.get("/terminals/{name}/hash")
async def hash_at(name: str, caller: Seer, running: Ports, desk: Desk) -> TerminalHash:
    """The pseudonym of whoever is recognised at a terminal now: of several the one whose face is largest."""
    result = newest_of(running, caller, name).result
    recognised = next((face.name for face in result.faces if face.name is not None), None)
    return TerminalHash(terminal=name, hash=await desk.pseudonym(recognised))


@shortcuts.get("/hash")
async def hash_at_the_only_one(caller: Seer, running: Ports, desk: Desk) -> TerminalHash:
    """As /api/v1/terminals/{name}/hash, of the only terminal that is connected."""
    seen = {frame.terminal for frame in running.live.newest() if caller.sees(frame.terminal)}
    if len(seen) != 1:
        detail = (
            "No terminal is connected." if not seen else "Several are: ask /api/v1/terminals/{name}/hash."
        )
        raise ProblemError.conflict(detail)
    return await hash_at(seen.pop(), caller, running, desk)
