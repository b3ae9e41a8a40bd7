"""Keeps the gallery in step with faces/."""

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path, PurePath
from typing import TypeAlias

from server.access.matching.gallery import Gallery
from server.access.orders import EMPTY
from server.access.seen import PhotoFlaw, PhotoOutcome, PhotoRefused
from server.gallery.admission import Arrived, LookAlikes
from server.gallery.assessed_file import AssessedFile
from server.gallery.cache import EmbeddingCache
from server.gallery.enrolment import Changes, Enrolling, Enrolment
from server.gallery.folder import BadFile, FolderItem, ReadError, read_photo, scan
from server.gallery.receipts import Receipt
from server.gallery.settling import Settling
from server.support.complaint import Complaint
from server.support.errors import StartError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""Pause between two looks at the folder: unlike events, polling also sees network and container mounts."""
POLL_SHARE = 0.05
"""Scanning a large folder may take at most this share of the time, up to `MAX_POLL_SECONDS`."""
MAX_POLL_SECONDS = 1.5
BATCH_SECONDS = 1.0
"""After this long with new photos the folder is looked at again, so that a removal never waits for them;
later where looking, and comparing all photos, takes long itself."""
START_SHARE, RUNNING_SHARE = 0.05, 0.5
"""That may take so much of the time while there are new photos: at the start, when nobody is let in yet, and
later."""
PROGRESS_SECONDS = 2.0
"""How often the first load tells how far it is."""

AnalysePhoto: TypeAlias = Callable[[bytes], Awaitable[PhotoOutcome]]
TakeReceipts: TypeAlias = Callable[[Sequence[Receipt]], Awaitable[None]]


def pause_after(scan_seconds: float) -> float:
    """How many seconds to wait until the next look at a folder that took so long to scan."""
    return min(max(POLL_SECONDS, scan_seconds / POLL_SHARE), MAX_POLL_SECONDS)


class PhotoWatcher:
    """Polls faces/, has new photos analysed, and tells what becomes of each.

    `listing` is held while the folder is listed: whoever changes several files as one holds it meanwhile.
    `gallery`, `people`, `files_of` and `look_alikes` may be read in any thread.
    """

    def __init__(
        self,
        *,
        folder: Path,
        cache: EmbeddingCache,
        analyse: AnalysePhoto,
        take_receipts: TakeReceipts,
        enrolling: Enrolling,
        parallel: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`folder`: faces/. `analyse` judges the bytes of a photo, at the start `parallel` at a time, later
        one by one beside the frames."""
        self._folder = folder
        self._cache = cache
        self._analyse = analyse
        self._take_receipts = take_receipts
        self._enrolling = enrolling
        self._parallel = parallel
        self._clock = clock
        self._sleep = sleep
        self._enrolment = Enrolment(enrolling, cache.arrivals())
        self._roster = EMPTY
        self._settling = Settling(clock)
        self._hastened = asyncio.Event()
        self.listing = threading.Lock()
        self._scan_seconds = self._round_seconds = 0.0
        self._told = clock()

    @property
    def gallery(self) -> Gallery:
        return self._enrolment.gallery

    @property
    def files(self) -> int:
        """How many files there are, enrolled or not."""
        return len(self._enrolment)

    def photos(self) -> list[Arrived]:
        """The photos that the gallery is made of."""
        return self._enrolment.photos()

    def receipts(self) -> list[Receipt]:
        """The present outcome of every file, sorted by path."""
        return self._enrolment.receipts()

    def has(self, path: str) -> bool:
        """Whether there is a file at this path, relative to faces/, as somebody wrote it."""
        return self._enrolment.find(path) is not None

    def people(self) -> list[str]:
        """Everybody whom a file is named after, enrolled or not, in no order."""
        return self._enrolment.people()

    def files_of(self, person: str | None) -> list[AssessedFile]:
        """The files named after this person, enrolled or not, by path; None: those that name nobody."""
        return self._enrolment.files_of(person)

    def look_alikes(self) -> list[LookAlikes]:
        """Enrolled people who are near each other, nearest first."""
        return self._enrolment.look_alikes()

    async def load(self) -> None:
        """Enrol what lies in the folder at the start, telling how far it is. Raises StartError."""
        self._told = self._clock()
        try:
            while await self._follow_changes(settled=True):
                pass
        except OSError as error:
            raise StartError(f"faces: cannot read {self._folder}: {error}") from error

    async def watch(self) -> None:
        """Follow the folder for ever. A folder that cannot be listed leaves the gallery as it is."""
        unreadable = Complaint(log)
        while True:
            left = 0
            self._hastened.clear()
            try:
                left = await self.look()
            except OSError as error:
                unreadable.tell("cannot read %s, enrolment stands still: %s", self._folder, error)
            else:
                unreadable.mended()
            if not left:
                await self._pause(pause_after(self._scan_seconds))

    def hasten(self) -> None:
        """Look at the folder now, not after the pause. For the event loop."""
        self._hastened.set()

    async def _pause(self, seconds: float) -> None:
        ends = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._hastened.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def look(self) -> int:
        """Look at the folder once, and at new photos for `BATCH_SECONDS`; returns how many files are left to
        look at. Raises OSError: the folder cannot be listed."""
        return await self._follow_changes(settled=False)

    async def _follow_changes(self, *, settled: bool) -> int:
        """Bring the gallery in step with the folder; with `settled`, at the start, nothing is taken for half
        copied."""
        started = self._clock()
        roster = self._enrolling.roster()  # before the scan: what it no longer holds may just be gone
        changes = await self._scan()
        receipts = self._enrolment.remove(changes.gone)
        held = self._enrolment.set_aside(roster)
        if receipts or held:
            await asyncio.to_thread(self._enrolment.rebuild)
        before = {file.path: self._enrolment.get(file.path) for file in changes.changed}
        pending = changes.changed + changes.fresh
        batch_started = self._clock()
        assessed = await self._assess_batch(pending, settled)
        batch_seconds = self._clock() - batch_started
        lost = any(self._enrolment.get(path) is None for path in before)
        ordered = (roster.confirmed, roster.held) != (self._roster.confirmed, self._roster.held)
        reviewed: list[PurePath] = []
        if assessed or receipts or lost or ordered or not self._enrolment.current:
            self._roster = roster
            reviewed = await asyncio.to_thread(self._enrolment.review, roster)
        left = sum(not self._enrolment.holds(file) and not self._settling.waits_for(file) for file in pending)
        # Not earlier: photos that are still to be looked at would be forgotten.
        if not left and (assessed or receipts or settled):
            await asyncio.to_thread(self._clean_cache)
        told = [path for path in assessed if not self._only_touched(path, before.get(path))]
        told += [
            path for path in (*held, *reviewed) if path not in set(assessed) and self._enrolment.get(path)
        ]
        receipts += map(self._enrolment.receipt, told)
        if receipts:
            await self._take_receipts(receipts)
        self._round_seconds = self._clock() - started - batch_seconds
        return left

    def _batch_seconds(self, settled: bool) -> float:
        return max(BATCH_SECONDS, self._round_seconds / (START_SHARE if settled else RUNNING_SHARE))

    async def _scan(self) -> Changes:
        started = self._clock()
        changes = await asyncio.to_thread(self._changes)
        self._scan_seconds = self._clock() - started
        return changes

    def _changes(self) -> Changes:
        with self.listing:
            present = scan(self._folder)
        self._settling.keep_only(file.path for file in present)
        return self._enrolment.changes(present)

    def _only_touched(self, path: PurePath, before: AssessedFile | None) -> bool:
        """Nobody needs a second receipt for the same content."""
        now = self._enrolment.get(path)
        return now is not None and now.has_content_of(before)

    async def _assess_batch(self, pending: Sequence[FolderItem], settled: bool) -> list[PurePath]:
        """Assess files until the time for one batch is used up; returns those that now are."""
        deadline = self._clock() + self._batch_seconds(settled)
        done: list[PurePath] = []
        parallel = self._parallel if settled else 1
        for start in range(0, len(pending), parallel):
            files = pending[start : start + parallel]
            for assessed in await asyncio.gather(*(self._assess(file, settled) for file in files)):
                if not settled and self._may_be_half_copied(assessed):
                    self._enrolment.forget(assessed.file.path)
                    continue
                self._settling.forget(assessed.file.path)
                self._enrolment.put(assessed)
                done.append(assessed.file.path)
            if settled:
                self._tell_progress(len(pending) - len(done))
            if self._clock() > deadline:
                break
        return done

    def _tell_progress(self, left: int) -> None:
        if left and self._clock() - self._told >= PROGRESS_SECONDS:
            self._told = self._clock()
            log.info("enrolling: %d of %d photos", self.files, self.files + left)

    def _may_be_half_copied(self, assessed: AssessedFile) -> bool:
        outcome = assessed.outcome
        unreadable = isinstance(outcome, PhotoRefused) and outcome.flaw is PhotoFlaw.UNREADABLE
        return unreadable and self._settling.may_be_half_copied(assessed.file)

    async def _assess(self, file: FolderItem, starting: bool) -> AssessedFile:
        if isinstance(file, BadFile):
            return AssessedFile(file, None, PhotoRefused(PhotoFlaw.NOT_A_PHOTO, file.detail))
        try:
            data, sha256, known = await asyncio.to_thread(self._read, file.path)
        except ReadError as error:
            return AssessedFile(file, None, PhotoRefused(PhotoFlaw.UNREADABLE, str(error)))
        if known is not None:
            return AssessedFile(file, sha256, known, cached=starting)
        try:
            outcome = await self._analyse(data)
        except StartError:
            raise
        except Exception:  # whatever a photo does to the models, it must not stop enrolment
            log.exception("%s could not be analysed", file.path)
            failed = PhotoRefused(PhotoFlaw.UNREADABLE, "the photo could not be analysed")
            return AssessedFile(file, sha256, failed)
        await asyncio.to_thread(self._cache.put, sha256, outcome)
        return AssessedFile(file, sha256, outcome)

    def _read(self, path: PurePath) -> tuple[bytes, str, PhotoOutcome | None]:
        data = read_photo(self._folder / path)
        sha256 = hashlib.sha256(data).hexdigest()
        return data, sha256, self._cache.get(sha256)

    def _clean_cache(self) -> None:
        """Not when the folder itself is away: a share that comes back would have to be looked at anew."""
        if not self._folder.exists():
            return
        hashes, arrivals = self._enrolment.known()
        self._cache.keep_only(hashes)
        self._cache.keep_arrivals(arrivals)
