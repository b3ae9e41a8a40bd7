"""Who is enrolled and what is laid down for them, for commands that run beside the server or without it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from server.access.orders import EMPTY, Roster
from server.access.seen import Analysis, Hints, PhotoOutcome
from server.gallery.cache import copy_of_cache
from server.gallery.enrolment import Enrolling
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipts import Receipt
from server.roster.backup import BACKUP_FILE
from server.roster.people_file import PeopleFileError, parse
from server.roster.watcher import problems, read_good
from server.settings import Settings
from server.startup.encryption import cipher_of
from server.startup.recogniser import photo_pipeline
from server.support.errors import StartError
from server.workers.pool import WorkerPool, WorkersUnavailableError


def roster_of(settings: Settings) -> Roster:
    """What people.toml lays down. Raises StartError."""
    try:
        return parse(settings.people_file.read_bytes())
    except FileNotFoundError:
        return EMPTY
    except PeopleFileError as error:
        raise StartError(problems(settings.people_file, error)) from error
    except OSError as error:
        raise StartError(f"{settings.people_file}: {error}") from error


def roster_in_force(settings: Settings) -> tuple[Roster, str]:
    """The same, with the last good content in place of a file that cannot be used, and what is wrong with
    that (else ""). Raises StartError."""
    try:
        return read_good(settings.people_file, settings.logs / BACKUP_FILE)
    except OSError as error:
        raise StartError(f"logs: cannot read {settings.logs / BACKUP_FILE}: {error}") from error


@contextlib.asynccontextmanager
async def enrolled(settings: Settings, roster: Roster) -> AsyncIterator[PhotoWatcher]:
    """All that is known of the photos. Those not seen before are judged first, and not remembered. Raises
    StartError."""
    async with contextlib.AsyncExitStack() as stack:
        cache = copy_of_cache(settings.logs, photo_pipeline(settings), cipher_of(settings))
        stack.callback(cache.close)
        pool = _PoolOnDemand(settings)
        stack.push_async_callback(pool.close)
        watcher = PhotoWatcher(
            folder=settings.faces,
            cache=cache,
            analyse=pool.analyse_photo,
            take_receipts=_ignore,
            enrolling=Enrolling.by(settings.rules, lambda: roster),
            parallel=pool.processes,
        )
        await watcher.load()
        yield watcher


async def _ignore(receipts: Sequence[Receipt]) -> None:
    """Only a running server writes receipts to the log."""


class _PoolOnDemand:
    """An `Analyser` that starts workers for the first picture: mostly no photo has to be looked at."""

    def __init__(self, settings: Settings) -> None:
        self._pool = WorkerPool(settings.workers, replace(settings.model_settings, liveness=False))
        self._starting = asyncio.Lock()
        self._started = False

    @property
    def processes(self) -> int:
        """How many pictures can be looked at at once."""
        return self._pool.processes

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        """As `WorkerPool.analyse`. Raises StartError as well: there are no workers."""
        await self._start()
        return await self._pool.analyse(jpeg, hints)

    async def analyse_photo(self, data: bytes) -> PhotoOutcome:
        """As `WorkerPool.analyse_photo`. Raises StartError as well: there are no workers."""
        await self._start()
        return await self._pool.analyse_photo(data)

    async def _start(self) -> None:
        async with self._starting:
            if not self._started:
                try:
                    await self._pool.start()
                except WorkersUnavailableError as error:
                    raise StartError(f"no worker process can be started: {error}") from error
                self._started = True

    async def close(self) -> None:
        await self._pool.close()
