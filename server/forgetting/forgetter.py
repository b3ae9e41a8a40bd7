"""Erases people beside a running server: nothing stands still, and no line is lost."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from server.audit.log_files import BROKEN, why
from server.audit.rewriting import Change, Rewritten, rewrite_each
from server.audit.trail import SEAL_KEY
from server.database.database import Database
from server.forgetting.forgetting import (
    Forgotten,
    all_called,
    forget_in_history,
    forget_recordings,
    spelled,
    traces_of,
)
from server.forgetting.lines import changes, of_any_text, other_logs
from server.forgetting.people import Looks, looks_of
from server.forgetting.spelling import Person
from server.forgetting.traces import in_database, in_files
from server.gallery.cache import EmbeddingCache
from server.recording.files import FOLDER as RECORDINGS
from server.recording.recorder import Recorder
from server.settings import Settings
from server.support.cipher import Cipher
from server.support.key_file import key_of
from server.support.last_warnings import LastWarnings

ROTATIONS = 3
"""So many times a log is begun with again that was rotated meanwhile."""


@dataclass(frozen=True)
class Forgetter:
    """`rewrite_logs`: changes lines of the logs that somebody appends to (`AuditTrail.rewrite`). `recorder`:
    None where nothing is recorded. `cipher`: of recordings; None: they are not encrypted. `server_log`: what
    writes it; its lock keeps it still. `look`: runs a task beside everything else (`Aside.run`)."""

    settings: Settings
    database: Database
    rewrite_logs: Callable[[Mapping[str, Change]], Awaitable[Rewritten]]
    cache: EmbeddingCache
    recorder: Recorder | None
    cipher: Cipher | None
    server_log: logging.Handler
    warnings: LastWarnings
    look: Callable[..., Awaitable[list[str]]]

    async def whom(self, name: str, others: Iterable[str]) -> Person:
        """`others`: everybody else who is enrolled. Raises KeyFileError, `log_files.BROKEN`."""
        return await asyncio.to_thread(self._whom, name, others)

    async def looks(self, name: str) -> Looks:
        """To be asked for before the photos are removed. Raises OSError, sqlite3.Error."""
        return await asyncio.to_thread(looks_of, self.settings.faces, self.cache, name)

    async def forget(self, person: Person, looks: Looks) -> Forgotten:
        """What is kept beside the photos, which are gone by now; `problems` tells what is left."""
        forgotten = Forgotten()
        with _told(forgotten):
            await asyncio.to_thread(self.cache.forget, person.name, looks.hashes)
        with _told(forgotten):
            await asyncio.to_thread(self._forget_recordings, person, looks, forgotten)
        with _told(forgotten):
            called = await asyncio.to_thread(self._called, person)
            forgotten.rows = await self.database.write(
                lambda sql: sum(forget_in_history(sql, each) for each in called)
            )
            await asyncio.to_thread(self.database.compact)
        with _told(forgotten):
            for each in await asyncio.to_thread(self._called, person):
                await self._rewrite(each, forgotten)
        with _told(forgotten):
            forgotten.problems += await self.left(person, looks)
        return forgotten

    async def left(self, person: Person, looks: Looks) -> list[str]:
        """Where the person is still told of. Raises WorkerGoneError, KeyFileError,
        sqlalchemy.exc.SQLAlchemyError."""
        folders = [self.settings.faces, self.settings.logs]
        called = await asyncio.to_thread(self._called, person)
        found = [
            told
            for each in called
            for told in await self.look(in_files, folders, traces_of(each, looks), self.cipher)
        ]
        found += await self.database.read(lambda sql: [t for each in called for t in in_database(sql, each)])
        return list(dict.fromkeys(found))

    def _called(self, person: Person) -> list[Person]:
        return all_called(person, key_of(self._path(SEAL_KEY)), self.settings.logs)

    def _whom(self, name: str, others: Iterable[str]) -> Person:
        return spelled(name, key_of(self._path(SEAL_KEY)), self.settings.logs, others)

    def _forget_recordings(self, person: Person, looks: Looks, forgotten: Forgotten) -> None:
        """A visit that is going on is left out: its beginning may be gone."""
        if self.recorder is not None:
            self.recorder.leave_out()
        alone = contextlib.nullcontext if self.recorder is None else self.recorder.standing_still
        forget_recordings(self._path(RECORDINGS), person, looks, forgotten, alone, self.cipher)

    async def _rewrite(self, person: Person, forgotten: Forgotten) -> None:
        key = await asyncio.to_thread(key_of, self._path(SEAL_KEY))
        for _ in range(ROTATIONS):
            with contextlib.suppress(FileNotFoundError):
                forgotten.add(await self.rewrite_logs(changes(person, key)))
                break
        forgotten.add(await asyncio.to_thread(self._rewrite_server_log, person))
        self.warnings.replace(person.replaced)

    def _rewrite_server_log(self, person: Person) -> Rewritten:
        """What is logged meanwhile waits: a second for each 10 MB."""
        self.server_log.acquire()
        try:
            return rewrite_each(other_logs(self.settings.logs), of_any_text(person))
        finally:
            self.server_log.release()

    def _path(self, name: str) -> Path:
        return self.settings.logs / name


@contextlib.contextmanager
def _told(forgotten: Forgotten) -> Iterator[None]:
    """What goes wrong keeps nothing else from being erased."""
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, *BROKEN) as error:
        forgotten.problems.append(why(getattr(error, "orig", None) or error))
