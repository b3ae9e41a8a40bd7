"""What is recorded of the decisions that the console shows, read one by one beside the event loop."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from server.access.matching.gallery import Gallery
from server.history.kept import KeptDecision
from server.recognition.turns import Turns
from server.recording.files import FOLDER
from server.recording.looks import VisitLook, look_of
from server.recording.other_gallery import Comparison, compare_galleries
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.site_work import SiteWork
from server.workers.process import WorkerGoneError

COMPARE_SECONDS = 20.0
"""So long visits are decided again; then it is told how far that came."""
OFF = (
    "Nothing is recorded: with record = true in the settings the server keeps how faces look, as numbers that"
    " identify people, and with record_pictures = true the pictures, for record_days ({days} now)."
)
NOT_RECORDED = "Nothing is recorded of this decision: record was off then, or record_days ({days}) are over."
NO_PICTURES = "No picture of it is kept: record_pictures was off."


class Recorded:
    """Owned by the event loop."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._folder = running.settings.logs / FOLDER
        self._turns = Turns()

    async def look(self, decision: KeptDecision) -> VisitLook | None:
        """How somebody looked up to this decision; None: nothing is recorded. Raises NoRoomError."""
        gallery = self._running.gallery()
        asked = self._folder, decision.id, decision.terminal, decision.moment, gallery, self._running.cipher
        with self._turns.place():
            async with self._turns.turn:
                return await asyncio.to_thread(look_of, *asked)

    def remark(self, look: VisitLook | None) -> str:
        """Why there is no picture, and what would keep one; empty: there is one."""
        settings = self._running.settings
        if look is None:
            sentence = NOT_RECORDED if settings.record else OFF
            return sentence.format(days=settings.record_days)
        return "" if look.shown is not None else NO_PICTURES

    async def without(self, photo: PurePath, files: SiteWork) -> Comparison | None:
        """Which recorded visits would come out otherwise without this photo; None: nothing is recorded.
        Raises ProblemError."""
        if not self._folder.is_dir():
            return None
        running, settings = self._running, self._running.settings
        gallery = running.gallery()
        other = await asyncio.to_thread(_gallery_without, gallery, photo, files)
        try:
            return await running.aside.run(
                compare_galleries,
                self._folder,
                running.rules.rules,
                running.roster(),
                (gallery, other),
                _first_day(settings.record_days),
                COMPARE_SECONDS,
                cipher=running.cipher,
            )
        except (OSError, WorkerGoneError):
            raise ProblemError.busy("The recordings cannot be decided again now.") from None


def _first_day(days: int) -> date:
    return datetime.now().date() - timedelta(days=days)


def _gallery_without(gallery: Gallery, photo: PurePath, files: SiteWork) -> Gallery:
    enrolled = (file for file in files.files() if file.enrolled and file.file.path != photo)
    photos = [(found.name, found.rows) for file in enrolled if (found := file.arrived) is not None]
    return Gallery.build(gallery.recogniser, gallery.version + 1, photos)


def recorded(connection: HTTPConnection) -> Recorded:
    """That of the app that is asked."""
    found: Recorded = connection.app.state.recorded
    return found


Recordings = Annotated[Recorded, Depends(recorded)]
