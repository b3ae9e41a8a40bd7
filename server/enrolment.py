"""Enrolment as the server runs it: where the keeper gets its parts, and who hears of the receipts."""

import logging
import sqlite3
import time
from collections.abc import Sequence

from server.audit.trail import AuditTrail
from server.errors import StartError
from server.gallery.cache import EmbeddingCache
from server.gallery.keeper import Embed, GalleryKeeper, Sink
from server.gallery.receipts import Receipt, Status
from server.pool import SPARES
from server.settings import Settings

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 2.0
CACHE_FILE = "embeddings.sqlite3"


def open_cache(settings: Settings) -> EmbeddingCache:
    """The cache in the logs folder. Raises StartError."""
    path = settings.logs / CACHE_FILE
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        return EmbeddingCache(path)
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"logs: cannot use {path}: {error}") from error


def make_keeper(settings: Settings, cache: EmbeddingCache, embed: Embed, sink: Sink) -> GalleryKeeper:
    return GalleryKeeper(
        settings.faces,
        cache,
        embed,
        sink,
        parallel=settings.workers + SPARES,
    )


async def load(keeper: GalleryKeeper, settings: Settings) -> None:
    """Enrol what lies in faces/ at the start, telling how far it is. Raises StartError."""
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            log.info("enrolling: %d of %d photos", done, total)

    try:
        await keeper.load(progress)
    except OSError as error:
        raise StartError(f"faces: cannot read {settings.faces}: {error}") from error


def summary(people: int, photos: int) -> str:
    """Such as "1 person by 2 photos"."""
    return f"{people} {'person' if people == 1 else 'people'} by {photos} photo{'' if photos == 1 else 's'}"


class ReceiptDesk:
    """Hands receipts to the console and to the enrolment log."""

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit

    async def take(self, receipts: Sequence[Receipt]) -> None:
        """Photos that were accepted in an earlier run and still are need no second receipt."""
        for receipt in receipts:
            if receipt.status is Status.REJECTED or receipt.look_alike is not None:
                log.warning("%s", receipt)
            elif not receipt.cached:
                log.info("%s", receipt)
        fresh = [receipt for receipt in receipts if not receipt.cached]
        if fresh:
            try:
                await self._audit.record_receipts(fresh)
            except OSError as error:
                log.critical("ENROLMENT LOG NOT WRITTEN: %s", error)
