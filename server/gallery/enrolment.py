"""Enrolment as the server runs it: where the watcher gets its parts, and who hears of the receipts."""

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial

from server.access.matching import calibration
from server.access.rules import VISIT_LOOKS, Rules
from server.audit.trail import AuditTrail
from server.gallery.admission import Pair
from server.gallery.cache import EmbeddingCache
from server.gallery.photo_watcher import Embed, Enrolling, PhotoWatcher, Sink
from server.gallery.receipts import Receipt, Status
from server.settings import Settings
from server.support.errors import StartError
from server.workers.pool import SPARES

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 2.0
LAX_RISK = 1e-3
"""A threshold set by hand that lets in a larger share of strangers deserves a warning."""
CACHE_FILE = "embeddings.sqlite3"


def open_cache(settings: Settings) -> EmbeddingCache:
    """The cache in the logs folder. Raises StartError."""
    path = settings.logs / CACHE_FILE
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        return EmbeddingCache(path)
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"logs: cannot use {path}: {error}") from error


def copy_of_cache(settings: Settings) -> EmbeddingCache:
    """What the cache holds, for commands beside the server: what they look at must not count as known to it,
    or it would give no receipt."""
    return EmbeddingCache(settings.logs / CACHE_FILE, as_copy=True)


def make_watcher(
    settings: Settings,
    cache: EmbeddingCache,
    embed: Embed,
    sink: Sink,
    confirmed: Callable[[], frozenset[Pair]] = frozenset,
) -> PhotoWatcher:
    """`confirmed`: the pairs of people, at this moment, who may look alike."""
    enrolling = Enrolling(
        threshold=partial(_look_threshold, settings.rules()),
        refused=partial(_refused, settings.rules()),
        confirmed=confirmed,
    )
    return PhotoWatcher(settings.faces, cache, embed, sink, enrolling, parallel=settings.workers + SPARES)


def _look_threshold(rules: Rules, people: int) -> float:
    """At which distance a single look is taken for one of `people`."""
    if rules.threshold is not None:
        return rules.threshold
    return calibration.threshold(rules.max_false_accept, people)


def _refused(rules: Rules, people: int, photos: int) -> float:
    """The share of visits of somebody with so many photos that the first looks do not suffice for."""
    return calibration.false_reject(rules.threshold_for(people), photos, rules.looks)


def odds(rules: Rules, people: int) -> str:
    """Such as "with your 63 people: about 1 stranger in 10,000; threshold 0.27". `people`: at least 1."""
    threshold = rules.threshold_for(people)
    strangers = 1 / calibration.risk(threshold, people, looks=VISIT_LOOKS)
    who = f"{people} {'person' if people == 1 else 'people'}"
    return f"with your {who}: about 1 stranger in {float(f'{strangers:.2g}'):,.0f}; threshold {threshold:.2f}"


def is_lax(rules: Rules, people: int) -> bool:
    """Whether a threshold set by hand lets in more strangers than `LAX_RISK`, with so many enrolled."""
    if rules.threshold is None:
        return False
    return calibration.risk(rules.threshold, max(1, people), looks=VISIT_LOOKS) > LAX_RISK


async def load(watcher: PhotoWatcher, settings: Settings) -> None:
    """Enrol what lies in faces/ at the start, telling how far it is. Raises StartError."""
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            log.info("enrolling: %d of %d photos", done, total)

    try:
        await watcher.load(progress)
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
            if receipt.status in (Status.HELD, Status.REJECTED) or receipt.look_alike is not None:
                log.warning("%s", receipt)
            elif not receipt.cached:
                log.info("%s", receipt)
        fresh = [receipt for receipt in receipts if not receipt.cached]
        if fresh:
            try:
                await self._audit.record_receipts(fresh)
            except OSError as error:
                log.critical("ENROLMENT LOG NOT WRITTEN: %s", error)
