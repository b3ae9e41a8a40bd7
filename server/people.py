"""`python -m server people`: who is enrolled, by which photos, and what was rejected."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence

from server.enrolment import load, make_keeper, odds, open_cache, summary
from server.errors import StartError
from server.gallery.admission import LookAlikes, Pair
from server.gallery.receipts import Receipt, Status
from server.pool import WorkerPool, WorkersUnavailableError
from server.settings import Settings
from server.vision import worker
from server.vision.analysis import PhotoOutcome


async def people(settings: Settings, confirmed: Callable[[], frozenset[Pair]] = frozenset) -> str:
    """The report as text. Photos not seen before are judged first. Raises StartError.

    `confirmed`: the pairs of people who may look alike.
    """
    async with contextlib.AsyncExitStack() as stack:
        cache = open_cache(settings)
        stack.callback(cache.close)
        pool = _PoolOnDemand(settings)
        stack.push_async_callback(pool.close)
        keeper = make_keeper(settings, cache, pool.analyse_photo, _ignore, confirmed)
        await load(keeper, settings)
        enrolled = len(keeper.gallery.people)
        return report(
            keeper.receipts(), keeper.look_alikes(), odds(settings.rules(), enrolled) if enrolled else ""
        )


def report(receipts: Sequence[Receipt], look_alikes: Sequence[LookAlikes], odds: str) -> str:
    """Accepted photos by person, people who look alike, then photos that wait or were rejected, and why.

    `odds`: a line on what the threshold risks; may be empty.
    """
    photos: dict[str, list[str]] = defaultdict(list)
    for receipt in receipts:
        if receipt.status is Status.ACCEPTED and receipt.person is not None:
            photos[receipt.person].append(f"    {_shown(receipt)}")
    count = sum(len(lines) for lines in photos.values())
    lines = [f"enrolled: {summary(len(photos), count)}", *([odds] if odds else [])]
    for person in sorted(photos):
        own = photos[person]
        lines += [f"  {person}: {len(own)} photo{'' if len(own) == 1 else 's'}", *own]
    lines += _section("look-alikes", [f"    {_pair(pair)}" for pair in look_alikes])
    for status in (Status.HELD, Status.REJECTED):
        of_it = [receipt for receipt in receipts if receipt.status is status]
        lines += _section(status.value.lower(), [f"    {_shown(each)}: {each.detail}" for each in of_it])
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}: {len(lines)}", *lines] if lines else []


def _pair(pair: LookAlikes) -> str:
    one, other = pair.names
    return f"{one} and {other}, distance {pair.distance:.2f}" + (" (confirmed)" if pair.confirmed else "")


def _shown(receipt: Receipt) -> str:
    path = receipt.path.as_posix()
    return path if path.isprintable() else ascii(path)


async def _ignore(receipts: Sequence[Receipt]) -> None:
    """Only a running server writes receipts to the log."""


class _PoolOnDemand:
    """Starts workers when the first photo has to be looked at: mostly none has."""

    def __init__(self, settings: Settings) -> None:
        self._pool = WorkerPool(settings.workers, settings.models)
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
