"""Photos on their way into the gallery: each is judged before it is added, and written down first."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable

from server.access.seen import PhotoRefused, PictureError, PreparedPhoto
from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.gallery.assessed_file import AssessedFile
from server.gallery.receipts import Status
from server.site.errors import Kind, SiteError
from server.site.file_names import canonical
from server.site.incoming import Incoming, Received, Rejected
from server.site.photo_files import add
from server.web.acting import note
from server.web.api.people_models import Outcome, shown_path, what_to_do
from server.web.running import Running
from server.web.site_work import SiteWork
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError
from wire import Box

log = logging.getLogger(__name__)

STATUSES = {Status.ACCEPTED: "accepted", Status.HELD: "held", Status.REJECTED: "rejected"}


class Enrolling:
    """The photos of one request."""

    def __init__(self, running: Running, caller: Caller, files: SiteWork) -> None:
        self._running = running
        self._caller = caller
        self._files = files
        self._present = {file.sha256: file for file in files.files() if file.sha256 is not None}

    async def take(self, incoming: Incoming) -> Outcome:
        """Add one file, if it is a photo that may enrol somebody."""
        if isinstance(incoming, Rejected):
            return _refused(incoming.name, None, incoming.why)
        if incoming.person is None:
            return _refused(incoming.name, None, f"{incoming.unnamed}; or say whom it shows")
        return await self.add(incoming)

    async def add(self, photo: Received, face: Box | None = None, **details: str) -> Outcome:
        """`photo`: of a person who is named. `face`: the only one of the picture that is wanted. `details`:
        what is written down beside."""
        person = canonical(photo.person or "")
        try:
            prepared = await prepared_photo(self._running, photo.data, face)
        except PictureError as error:
            return _refused(photo.name, person, str(error))
        if isinstance(prepared.outcome, PhotoRefused):
            return _refused(photo.name, person, prepared.outcome.detail)
        sha256 = hashlib.sha256(prepared.jpeg).hexdigest()
        if (same := self._present.get(sha256)) is not None:
            return _duplicate(photo.name, same)
        own = self._running.photos.files_of(person)
        kind = ActKind.PHOTO_ADDED if own else ActKind.PERSON_ADDED
        await note(self._running, self._caller, kind, person, digest=sha256, **details)
        try:
            path = await self._files.change(lambda site: add(site, person, prepared.jpeg, own))
        except SiteError as error:
            if error.kind is not Kind.CONFLICT:
                raise
            return _refused(photo.name, person, str(error))
        return Outcome(file=photo.name, status="added", person=person, path=shown_path(path), sentence="")

    async def judged(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """The same, with what the gallery makes of those that were added."""
        found = list(outcomes)
        added = [outcome for outcome in found if outcome.status == "added"]
        if added:
            await self._files.until(lambda: all(self._verdict(outcome) is not None for outcome in added))
        return [self._verdict(outcome) or outcome for outcome in found]

    def _verdict(self, outcome: Outcome) -> Outcome | None:
        """None: there is none yet."""
        if outcome.status != "added":
            return outcome
        for file in self._running.photos.files_of(outcome.person):
            if shown_path(file.file.path) == outcome.path:
                return _as_judged(outcome, file)
        return None


async def prepared_photo(running: Running, data: bytes, face: Box | None = None) -> PreparedPhoto:
    """Raises PictureError."""
    try:
        return await running.workers.run_beside(worker.prepare_photo, data, face)
    except (PictureError, asyncio.CancelledError):
        raise
    except Exception as error:  # whatever a photo does to the models, the others are looked at
        if not isinstance(error, AnalysisFailedError):
            log.exception("an uploaded photo could not be analysed")
        raise PictureError("the photo could not be analysed") from None


async def all_added(enrolling: Enrolling, files: Iterable[Incoming]) -> list[Outcome]:
    """Each of the files in turn, as far as they are photos that may enrol somebody."""
    rest, outcomes = iter(files), []
    while (file := await asyncio.to_thread(next, rest, None)) is not None:
        outcomes.append(await enrolling.take(file))
    return await enrolling.judged(outcomes)


def _as_judged(outcome: Outcome, file: AssessedFile) -> Outcome | None:
    if not isinstance(file.outcome, PhotoRefused) and file.judgement is None:
        return None
    receipt = file.receipt()
    update = {
        "status": STATUSES[receipt.status],
        "sentence": what_to_do(receipt.reason, receipt.look_alike, receipt.detail),
        "look_alike": file.looks_like if receipt.status is Status.HELD else None,
    }
    return outcome.model_copy(update=update)


def _refused(name: str, person: str | None, why: str) -> Outcome:
    return Outcome(file=name, status="refused", person=person, path=None, sentence=why)


def _duplicate(name: str, same: AssessedFile) -> Outcome:
    path = shown_path(same.file.path)
    sentence = f"this very photo is there already: {path}"
    return Outcome(file=name, status="duplicate", person=same.person, path=path, sentence=sentence)
