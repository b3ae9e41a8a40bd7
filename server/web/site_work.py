"""The site's files as the console sees and changes them: one change after the other, beside the event
loop."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends
from starlette.requests import HTTPConnection

from server.access.odds import refused_at_first
from server.gallery.admission import Ruling
from server.gallery.assessed_file import AssessedFile
from server.site import renaming
from server.site.errors import Kind, SiteError
from server.site.laying_down import lay_down
from server.site.listing import Known, PersonView
from server.site.people_changes import hold
from server.site.people_edit import PeopleFile
from server.site.placing import clean
from server.site.site import InForce, Site
from server.site.thumbnails import Thumbnails
from server.web.problems import ProblemError
from server.web.running import Running

T = TypeVar("T")

log = logging.getLogger(__name__)

MOST_WAITING = 16
"""Changes that wait for the one under way."""
JUDGE_SECONDS = 15.0
"""How long an answer waits for the server to judge photos that were added."""
LOOK_SECONDS = 0.05


class SiteWork:
    """Owned by the event loop. The thread of the changes is not one of those that the watchers need, whom the
    changes wait for."""

    def __init__(self, running: Running) -> None:
        self.thumbnails = Thumbnails()
        self._running = running
        self._thread = ThreadPoolExecutor(1, "site")
        self._waiting = 0
        self._stopping = threading.Event()
        settings = running.settings
        in_force = InForce(running.roster, running.gallery, running.hasten, self._sleep)
        people = PeopleFile(settings.people_file, running.roster)
        self.site = Site(settings.faces, people, in_force, running.photos.listing)

    def known(self) -> Known:
        """What the server knows at this moment."""
        running = self._running
        return Known(
            named=running.photos.people(),
            files_of=running.photos.files_of,
            gallery=running.gallery(),
            roster=running.roster(),
            look_alikes=running.photos.look_alikes(),
            refused=partial(refused_at_first, running.rules.rules),
        )

    async def person(self, name: str) -> PersonView:
        """Raises ProblemError: there is nobody of this name."""
        view = await asyncio.to_thread(self.known().person, name)
        if view is None:
            raise ProblemError.not_found("There is nobody of this name.")
        return view

    async def change(self, work: Callable[[Site], T]) -> T:
        """Do something to the files; it is done even when the caller goes away. Raises ProblemError, and what
        `work` raises."""
        if self._waiting >= MOST_WAITING:
            raise ProblemError.busy("Too many changes wait already; try again in a few seconds.")
        self._waiting += 1
        done = asyncio.get_running_loop().run_in_executor(self._thread, work, self.site)
        done.add_done_callback(self._one_less)
        return await asyncio.shield(done)

    def is_last(self, file: AssessedFile) -> bool:
        """Whether nothing else enrols whom this photo does."""
        return file.enrolled and self.known().gallery.photos_of(file.person or "") == 1

    async def mistaken_for(self, name: str, without: AssessedFile | None = None) -> list[str]:
        """The photos of others that nobody but this person keeps from enrolling somebody. `without`: one of
        the person's photos; as long as there is another one, none."""
        if without is not None and not self.is_last(without):
            return []
        return await asyncio.to_thread(self.known().mistaken_for, name)

    async def hold(self, paths: Sequence[str]) -> None:
        """Have these photos enrol nobody until they are released. Raises ProblemError, SiteError."""
        if not paths:
            return
        await self.change(lambda site: lay_down(site, *map(hold, paths)))
        if not await self.until(lambda: self._set_aside(set(paths))):
            raise ProblemError.busy("The photos are held, but the server has not noticed yet; try again.")

    async def until(self, condition: Callable[[], bool]) -> bool:
        """Wait until the server has looked at its files; False: it takes long."""
        self._running.hasten()
        for _ in range(round(JUDGE_SECONDS / LOOK_SECONDS)):
            if condition():
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return condition()

    def files(self) -> Iterable[AssessedFile]:
        """All that are known."""
        photos = self._running.photos
        for person in (*photos.people(), None):
            yield from photos.files_of(person)

    def _set_aside(self, paths: set[str]) -> bool:
        """Whether none of these photos is compared with others any more."""
        named = [file for file in self.files() if file.file.path.as_posix() in paths]
        return all(file.judgement is None or file.judgement.ruling is Ruling.SET_ASIDE for file in named)

    async def forget_thumbnails(self) -> None:
        """Of photos that are gone."""
        await asyncio.to_thread(
            lambda: self.thumbnails.keep_only(file.sha256 for file in self.files() if file.sha256)
        )

    async def begin(self) -> None:
        """Clean up what a crash has left, and go on with a rename that was stopped half-way."""
        try:
            await self.change(lambda site: clean(site.faces))
            rename = await self.change(renaming.resume)
        except (OSError, SiteError) as error:
            log.error("faces: what was begun cannot be finished: %s", error)
        else:
            if rename is not None:
                log.info(
                    "%s is renamed to %s: that was stopped half-way", ascii(rename.old), ascii(rename.new)
                )

    def close(self) -> None:
        """What is under way ends where it can be gone on with. Not for the event loop."""
        self._stopping.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise SiteError(Kind.REFUSED, "the server stops; try again when it runs")

    def _one_less(self, done: "asyncio.Future[T]") -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()  # told to whoever waits, if anybody still does


def site_work(connection: HTTPConnection) -> SiteWork:
    """That of the app that is asked."""
    found: SiteWork = connection.app.state.site_work
    return found


Files = Annotated[SiteWork, Depends(site_work)]
