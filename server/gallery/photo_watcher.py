"""Keeps the gallery in step with faces/."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple, TypeAlias

from server.access.matching.gallery import EMPTY, Gallery
from server.access.seen import PhotoFlaw, PhotoOutcome, PhotoRefused
from server.gallery.admission import Admission, LookAlikes, Pair, Ruling, Threshold, warnings
from server.gallery.advice import Refused, advice
from server.gallery.arrivals import Arrivals
from server.gallery.cache import EmbeddingCache
from server.gallery.folder import BadFile, FolderItem, ReadError, read_photo, scan
from server.gallery.receipts import Receipt, Status
from server.gallery.records import PhotoRecord
from server.support.errors import StartError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""Pause between two looks at the folder: unlike events, polling also sees network and container mounts."""
POLL_SHARE = 0.05
"""Scanning a large folder may take at most this share of the time, up to `MAX_POLL_SECONDS`."""
MAX_POLL_SECONDS = 1.5
SETTLE_SECONDS = 3.0
"""A file that cannot be decoded is taken for half copied until it has not changed for this long."""
BATCH_SECONDS = 1.0
"""After this long with new photos the folder is looked at again, so that a removal never waits for them."""

Embed: TypeAlias = Callable[[bytes], Awaitable[PhotoOutcome]]
Sink: TypeAlias = Callable[[Sequence[Receipt]], Awaitable[None]]


@dataclass(frozen=True)
class Enrolling:
    """What decides beside the photos. `threshold`: at which distance people could be taken for each other.
    `refused`: what a person's photos cost in refusals. `confirmed`: the pairs of people, at this moment, that
    may look alike."""

    threshold: Threshold
    refused: Refused
    confirmed: Callable[[], frozenset[Pair]]


class _Changes(NamedTuple):
    """What is in the folder no more, differently, and newly; by the files' times."""

    gone: list[PurePath]
    changed: list[FolderItem]
    fresh: list[FolderItem]


class PhotoWatcher:
    """Owns what is known of every file in faces/ and the gallery that follows from it."""

    def __init__(
        self,
        root: Path,
        cache: EmbeddingCache,
        embed: Embed,
        sink: Sink,
        enrolling: Enrolling,
        *,
        parallel: int,
    ) -> None:
        """`embed` judges the bytes of a photo, at the start `parallel` at a time, later one by one beside the
        frames; `sink` takes the receipts."""
        self._root = root
        self._cache = cache
        self._embed = embed
        self._sink = sink
        self._enrolling = enrolling
        self._parallel = parallel
        self._arrivals = Arrivals(cache.arrivals())
        self._admission = Admission(enrolling.threshold)
        self._confirmed: frozenset[Pair] = frozenset()
        self._records: dict[PurePath, PhotoRecord] = {}
        self._first_seen: dict[PurePath, tuple[FolderItem, float]] = {}
        self._scan_seconds = 0.0
        self._gallery = EMPTY

    @property
    def gallery(self) -> Gallery:
        return self._gallery

    @property
    def files(self) -> int:
        """How many files there are, enrolled or rejected."""
        return len(self._records)

    def receipts(self) -> list[Receipt]:
        """The present outcome of every file, sorted by path."""
        return [self._records[path].receipt() for path in sorted(self._records)]

    def look_alikes(self) -> list[LookAlikes]:
        """Enrolled people who are near each other, nearest first."""
        return self._admission.look_alikes()

    async def load(self, progress: Callable[[int, int], None]) -> None:
        """Look at everything once; `progress(done, total)` is called as it goes. Raises OSError."""
        while (left := await self._refresh(settled=True)) > 0:
            progress(len(self._records), len(self._records) + left)

    async def watch(self) -> None:
        """Follow the folder for ever. A folder that cannot be listed leaves the gallery as it is."""
        complained = False
        while True:
            try:
                left = await self._refresh(settled=False)
                complained = False
            except OSError as error:
                if not complained:
                    log.error("cannot read %s, enrolment stands still: %s", self._root, error)
                complained, left = True, 0
            if not left:
                await asyncio.sleep(min(max(POLL_SECONDS, self._scan_seconds / POLL_SHARE), MAX_POLL_SECONDS))

    async def _refresh(self, *, settled: bool) -> int:
        """Bring records and gallery in step with the folder; returns how many files are left to look at.

        With `settled` nothing is taken for half copied.
        """
        started = time.monotonic()
        changes = await asyncio.to_thread(self._compare)
        self._scan_seconds = time.monotonic() - started
        confirmed = self._enrolling.confirmed()
        receipts = self._forget(changes.gone)
        if receipts:
            await self._publish()
        pending = changes.changed + changes.fresh
        before = {entry.path: self._records[entry.path] for entry in changes.changed}
        looked = await self._look_at(pending, settled)
        lost = any(path not in self._records for path in before)
        reviewed: list[PurePath] = []
        if looked or receipts or lost or confirmed != self._confirmed:
            self._confirmed = confirmed
            reviewed = await asyncio.to_thread(self._review)
            await self._publish()
        left = sum(not self._knows(entry) and not self._settling(entry) for entry in pending)
        # Not earlier: photos that are still to be looked at would be forgotten.
        if not left and (looked or receipts or settled):
            await asyncio.to_thread(self._clean_cache)
        told = [path for path in looked if not self._same(path, before.get(path))]
        told += [path for path in reviewed if path not in set(looked)]
        receipts += [self._receipt(path) for path in told]
        if receipts:
            await self._sink(receipts)
        return left

    def _compare(self) -> "_Changes":
        """How the folder differs from the records. For another thread: with many photos it takes a while."""
        present = {entry.path: entry for entry in sorted(scan(self._root), key=_time)}
        return _Changes(
            gone=[path for path in {*self._records, *self._first_seen} if path not in present],
            changed=[at for path, at in present.items() if path in self._records and not self._knows(at)],
            fresh=[at for path, at in present.items() if path not in self._records],
        )

    def _knows(self, entry: FolderItem) -> bool:
        record = self._records.get(entry.path)
        return record is not None and record.entry == entry

    def _same(self, path: PurePath, before: PhotoRecord | None) -> bool:
        """Whether a file was only touched: nobody needs a second receipt for the same content."""
        now = self._records[path]
        return before is not None and now.sha256 is not None and now.sha256 == before.sha256

    def _settling(self, entry: FolderItem) -> bool:
        seen = self._first_seen.get(entry.path)
        return seen is not None and seen[0] == entry

    def _forget(self, gone: Sequence[PurePath]) -> list[Receipt]:
        for path in gone:
            self._first_seen.pop(path, None)
        return [
            Receipt(path, self._records.pop(path).person, Status.REMOVED, "removed", "the file is gone")
            for path in sorted(gone)
            if path in self._records
        ]

    async def _look_at(self, pending: Sequence[FolderItem], settled: bool) -> list[PurePath]:
        """Judge pending files until the time for one batch is used up; returns those now on record."""
        deadline = time.monotonic() + BATCH_SECONDS
        looked: list[PurePath] = []
        parallel = self._parallel if settled else 1
        for start in range(0, len(pending), parallel):
            entries = pending[start : start + parallel]
            for record in await asyncio.gather(*(self._judge(entry, settled) for entry in entries)):
                path = record.entry.path
                if not settled and self._maybe_half_copied(record):
                    self._records.pop(path, None)
                    continue
                self._first_seen.pop(path, None)
                self._records[path] = self._numbered(record)
                looked.append(path)
            if time.monotonic() > deadline:
                break
        return looked

    def _maybe_half_copied(self, record: PhotoRecord) -> bool:
        refused = isinstance(record.outcome, PhotoRefused) and record.outcome.flaw is PhotoFlaw.UNREADABLE
        if not refused:
            return False
        if not self._settling(record.entry):
            self._first_seen[record.entry.path] = (record.entry, time.monotonic())
        return time.monotonic() - self._first_seen[record.entry.path][1] < SETTLE_SECONDS

    async def _judge(self, entry: FolderItem, starting: bool) -> PhotoRecord:
        if isinstance(entry, BadFile):
            return PhotoRecord(entry, None, PhotoRefused(PhotoFlaw.NOT_A_PHOTO, entry.detail))
        try:
            data, sha256, known = await asyncio.to_thread(self._read, entry.path)
        except ReadError as error:
            return PhotoRecord(entry, None, PhotoRefused(PhotoFlaw.UNREADABLE, str(error)))
        if known is not None:
            return PhotoRecord(entry, sha256, known, cached=starting)
        try:
            outcome = await self._embed(data)
        except StartError:
            raise
        except Exception:  # whatever a photo does to the models, it must not stop enrolment
            log.exception("%s could not be analysed", entry.path)
            return PhotoRecord(
                entry, sha256, PhotoRefused(PhotoFlaw.UNREADABLE, "the photo could not be analysed")
            )
        await asyncio.to_thread(self._cache.put, sha256, outcome)
        return PhotoRecord(entry, sha256, outcome)

    def _read(self, path: PurePath) -> tuple[bytes, str, PhotoOutcome | None]:
        data = read_photo(self._root / path)
        sha256 = hashlib.sha256(data).hexdigest()
        return data, sha256, self._cache.get(sha256)

    def _numbered(self, record: PhotoRecord) -> PhotoRecord:
        if record.person is None or record.sha256 is None:
            return record
        return replace(record, arrival=self._arrivals.number(record.person, record.sha256))

    def _clean_cache(self) -> None:
        """Not when the folder itself is away: a share that comes back would have to be looked at anew."""
        if not self._root.exists():
            return
        photos = [record for record in self._records.values() if record.sha256]
        self._cache.keep_only(record.sha256 for record in photos if record.sha256)
        known = [(record.person, record.sha256) for record in photos if record.person and record.sha256]
        self._cache.keep_arrivals(self._arrivals.keep_only(known))

    def _review(self) -> list[PurePath]:
        """Compare all photos; returns those on which the verdict, or the warning, is another than before.

        For another thread, like all that goes through every record.
        """
        ordered = sorted(self._records.values(), key=lambda record: (record.arrival, record.entry.path))
        photos = [photo for record in ordered if (photo := record.arrived) is not None]
        verdicts = self._admission.review(photos, self._confirmed)
        alike = warnings(self._admission.look_alikes())
        changed = []
        for path, verdict in verdicts.items():
            record = self._records[path]
            look_alike = alike.get(record.person or "") if verdict.ruling is Ruling.ADMITTED else None
            if (record.verdict, record.look_alike) != (verdict, look_alike):
                self._records[path] = replace(record, verdict=verdict, look_alike=look_alike)
                changed.append(path)
        return sorted(changed)

    def _receipt(self, path: PurePath) -> Receipt:
        record = self._records[path]
        if record.person is None or not record.enrolled:
            return record.receipt()
        gallery, refused = self._gallery, self._enrolling.refused
        photos = gallery.photos_of(record.person)
        return record.receipt(advice(record.person, photos, partial(refused, len(gallery.people))))

    async def _publish(self) -> None:
        self._gallery = await asyncio.to_thread(self._built)

    def _built(self) -> Gallery:
        enrolled = [record.arrived for record in self._records.values() if record.enrolled]
        photos = [(photo.name, photo.rows) for photo in enrolled if photo is not None]
        return Gallery.build(self._gallery.version + 1, photos)


def _time(entry: FolderItem) -> tuple[int, PurePath]:
    return entry.signature.mtime_ns, entry.path
