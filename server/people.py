"""`python -m server people`: who is enrolled, by which photos, and what was rejected."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence

from server.enrolment import load, make_keeper, open_cache, summary
from server.errors import StartError
from server.gallery.receipts import Receipt, Status
from server.pool import WorkerPool, WorkersUnavailableError
from server.settings import Settings
from server.vision import worker
from server.vision.analysis import PhotoOutcome


async def people(settings: Settings) -> str:
    """The report as text. Photos not seen before are judged first. Raises StartError."""
    async with contextlib.AsyncExitStack() as stack:
        cache = open_cache(settings)
        stack.callback(cache.close)
        pool = _PoolOnDemand(settings)
        stack.push_async_callback(pool.close)
        keeper = make_keeper(settings, cache, pool.analyse_photo, _ignore)
        await load(keeper, settings)
        return report(keeper.receipts())


def report(receipts: Sequence[Receipt]) -> str:
    """Accepted photos by person, then rejected files with reasons."""
    photos: dict[str, list[str]] = defaultdict(list)
    rejected = []
    for receipt in receipts:
        if receipt.status is Status.ACCEPTED and receipt.person is not None:
            alike = receipt.look_alike
            note = f"  (looks like {alike.name}, distance {alike.distance:.2f})" if alike else ""
            photos[receipt.person].append(f"    {_shown(receipt)}{note}")
        else:
            rejected.append(f"    {_shown(receipt)}: {receipt.detail}")
    count = sum(len(lines) for lines in photos.values())
    lines = [f"enrolled: {summary(len(photos), count)}"]
    for person in sorted(photos):
        lines += [f"  {person}", *photos[person]]
    if rejected:
        lines += [f"{len(rejected)} rejected", *rejected]
    return "\n".join(lines)


def _shown(receipt: Receipt) -> str:
    path = receipt.path.as_posix()
    return path if path.isprintable() else ascii(path)


async def _ignore(receipts: Sequence[Receipt]) -> None:
    """Only a running server writes receipts to the log."""


class _PoolOnDemand:
    """Starts workers when the first photo has to be looked at: mostly none has."""

    def __init__(self, settings: Settings) -> None:
        self._pool = WorkerPool(settings.workers, settings.model_cache)
        self._starting = asyncio.Lock()
        self._started = False

    async def analyse_photo(self, data: bytes) -> PhotoOutcome:
        async with self._starting:
            if not self._started:
                try:
                    await self._pool.start()
                except WorkersUnavailableError as error:
                    raise StartError(f"no worker process can be started: {error}") from error
                self._started = True
        return await self._pool.run(worker.analyse_photo, data)

    async def close(self) -> None:
        await self._pool.close()
