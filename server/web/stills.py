"""Still pictures of the console: how often somebody may have one looked at, and how that is done without the
doors' waiting for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from server.access.seen import PictureError, Still
from server.accounts.rights import Caller
from server.recognition.pseudonyms import FILE, Pseudonyms
from server.recognition.turns import Turns
from server.support.complaint import Complaint
from server.support.key_file import KeyFileError
from server.support.rate import RateLimit
from server.web.pictures import Picture
from server.web.problems import ProblemError
from server.web.running import Running
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError

log = logging.getLogger(__name__)

PER_SECOND, BURST = 5.0, 40.0
"""Pictures of one caller."""
FAILED = "the picture could not be analysed"


class Stills:
    """Owned by the event loop. `turns`: in which pictures are looked at."""

    def __init__(self, running: Running, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._pseudonyms = Pseudonyms(running.settings.logs / FILE)
        self._workers = running.workers
        self._mirrored = running.rules.rules.recogniser.mirrored_looks
        self.turns = Turns()
        self._limit = RateLimit(PER_SECOND, BURST, clock)
        self._complaint = Complaint(log)

    def admit(self, caller: Caller, pictures: int = 1) -> None:
        """Raises ProblemError: this caller has had too many looked at."""
        wait = self._limit.take(caller.title, pictures) if pictures else 0.0
        if wait:
            detail = f"At most {PER_SECOND:g} pictures a second are looked at for you."
            raise ProblemError.too_many(detail, wait)

    async def look(
        self, pictures: Sequence[Picture], *, landmarks: bool = False, preview: bool = False
    ) -> list[Still | PictureError]:
        """What each shows, or why that cannot be told; one after the other. Raises NoRoomError."""
        seen = []
        with self.turns.place():
            for picture in pictures:
                async with self.turns.turn:
                    seen.append(await self._look(picture.data, landmarks, preview))
        return seen

    async def look_at(self, picture: Picture, *, landmarks: bool = False, preview: bool = False) -> Still:
        """What one shows. Raises NoRoomError; ProblemError: it cannot be told."""
        (seen,) = await self.look([picture], landmarks=landmarks, preview=preview)
        if isinstance(seen, PictureError):
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_picture", sentence(seen))
        return seen

    async def pseudonym(self, name: str | None) -> str | None:
        """The word that stands for an enrolled person; None for nobody. Raises ProblemError."""
        if name is None:
            return None
        try:
            return await asyncio.to_thread(self._pseudonyms.of, name)
        except KeyFileError as error:
            self._complaint.tell("no pseudonyms: %s", error)
            detail = "Pseudonyms are not to be had; the server's log says why."
            status = HTTPStatus.SERVICE_UNAVAILABLE
            raise ProblemError(status, "pseudonyms_unavailable", detail) from error

    async def _look(self, data: bytes, landmarks: bool, preview: bool) -> Still | PictureError:
        try:
            return await self._workers.run_beside(
                worker.analyse_still, data, mirrored=self._mirrored, landmarks=landmarks, preview=preview
            )
        except PictureError as error:
            return error
        except AnalysisFailedError:
            return PictureError(FAILED)


def sentence(error: PictureError) -> str:
    """Why a picture cannot be used, for whoever sent it."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def stills(connection: HTTPConnection) -> Stills:
    """Those of the app that is asked."""
    found: Stills = connection.app.state.stills
    return found


Desk = Annotated[Stills, Depends(stills)]
