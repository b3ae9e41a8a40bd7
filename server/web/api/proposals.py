"""Unknown faces that somebody at a terminal has proposed for enrolment."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel

from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.site.file_names import canonical
from server.site.incoming import Received
from server.support.clock import milliseconds
from server.terminals.proposals import Proposal
from server.web.acting import note
from server.web.api.people_models import NewName, Outcome, Sides, sides
from server.web.callers import Enroller, Ports, require_everywhere
from server.web.enrolling import Enrolling
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import Files

router = APIRouter(prefix="/proposals", tags=["proposals"])
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}
Id = Annotated[str, Path(min_length=1, max_length=64)]


class ProposalView(BaseModel):
    """`moment`: milliseconds since 1970. `box`: top, right, bottom and left of the face, in pixels of the
    picture."""

    id: str
    terminal: str
    moment: int
    box: Sides

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalView":
        moment = milliseconds(proposal.moment)
        return cls(
            id=proposal.id,
            terminal=proposal.terminal,
            moment=moment,
            box=sides(proposal.box),
        )


@router.get("")
async def proposals(caller: Enroller, running: Ports) -> list[ProposalView]:
    """Those that wait, the newest first. They are kept in memory, for a day at most."""
    waiting = running.proposals.waiting()
    return [ProposalView.of(each) for each in waiting if caller.sees(each.terminal)]


@router.get("/{id}/picture.jpg", response_class=Response, responses=JPEG)
async def picture(id: Id, caller: Enroller, running: Ports) -> Response:  # noqa: A002
    """The frame, as the terminal sent it."""
    return Response(_waiting(running, caller, id).jpeg, media_type="image/jpeg")


@router.post("/{id}/enrol")
async def enrol(id: Id, given: NewName, caller: Enroller, running: Ports, files: Files) -> Outcome:  # noqa: A002
    """Enrol the face under a name, new or known. It waits no more, unless the picture would enrol nobody."""
    proposal = _waiting(running, caller, id)
    require_everywhere(caller)
    name = canonical(given.name)
    photo = Received(f"proposal of {proposal.terminal}", proposal.jpeg, name)
    enrolling = Enrolling(running, caller, files)
    outcome = await enrolling.add(photo, proposal.box, proposal=id, terminal=proposal.terminal)
    if outcome.status == "refused":
        raise ProblemError.refused(f"The picture cannot enrol anybody: {outcome.sentence}.")
    running.proposals.dismiss(id)
    (judged,) = await enrolling.judged([outcome])
    return judged


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def dismiss(id: Id, caller: Enroller, running: Ports) -> None:  # noqa: A002
    """Enrol nobody by it."""
    proposal = _waiting(running, caller, id)
    await note(running, caller, ActKind.PHOTO_DISMISSED, None, proposal=id, terminal=proposal.terminal)
    running.proposals.dismiss(id)


def _waiting(running: Running, caller: Caller, proposal_id: str) -> Proposal:
    proposal = running.proposals.find(proposal_id)
    if proposal is None or not caller.sees(proposal.terminal):
        raise ProblemError.not_found("There is no such proposal, or it waits no more.")
    return proposal
