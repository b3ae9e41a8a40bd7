"""One database: SQLite in the logs folder, or PostgreSQL by its address.

All that is written is written by one thread, in the order in which it was given; what is read is read beside
it by a few. Nobody who decides about a door waits for either.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from server.database.migrate import LayoutError, migrate
from server.support.private_files import make_private

T = TypeVar("T")

FILE = "doorward.sqlite3"
"""In the logs folder."""
READERS = 4
"""Reads under way at once; the others wait."""
LOCK_SECONDS = 5.0
"""How long to wait for another program, such as a command, that writes to the file."""

PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 15_000}
"""How long to wait for a PostgreSQL server that cannot be reached (seconds), or no longer (milliseconds): the
end of the server waits for what is being written."""


class DatabaseError(Exception):
    """The database cannot be used; the message says why, without what stands in it or a password."""


class DamagedError(DatabaseError):
    """The file is no database, or a damaged one."""


class Database:
    """An open database of the present layout.

    `read` and `write` run their `work` in a thread; it gets a connection in a transaction, which is committed
    when it returns. Both raise what `work` raises, among it sqlalchemy.exc.SQLAlchemyError.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writing=True)
        self._writer = ThreadPoolExecutor(1, "database-writer")
        self._readers = ThreadPoolExecutor(READERS, "database-reader")
        self._counting = threading.Lock()
        self._waiting = 0

    @classmethod
    def open(cls, address: str) -> "Database":
        """`address`: as `address_of` gives it. Makes what is missing, checks a file, and brings the tables to
        the present layout. Not for the event loop. Raises DatabaseError."""
        url = _url(address)
        engine = _engine(url)
        try:
            with engine.execution_options(writing=True).begin() as connection:
                _check(connection)
                migrate(connection)
        except (LayoutError, SQLAlchemyError) as error:
            engine.dispose()
            raise _explained(url, error) from error
        return cls(engine)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_here, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The work is done even when the caller is cancelled meanwhile."""
        return await asyncio.shield(asyncio.wrap_future(self._submit(work)))

    def write_here(self, work: Callable[[Connection], T]) -> T:
        """As `write`, for other threads than the event loop's: returns when it is done."""
        return self._submit(work).result()

    def read_here(self, work: Callable[[Connection], T]) -> T:
        """As `read`, for other threads than the event loop's."""
        with self.engine.begin() as connection:
            return work(connection)

    @property
    def waiting(self) -> int:
        """How many writes are not done yet."""
        return self._waiting

    def compact(self) -> None:
        """Have nothing that was deleted left in the file, or beside it; PostgreSQL does that in its own time.
        Not for the event loop. Raises sqlite3.Error."""
        self._writer.submit(self._compact).result()

    def close(self) -> None:
        """Finish what was given, and close. Not for the event loop."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        given = self._writer.submit(self._write, work)
        self._count(1)
        given.add_done_callback(lambda _: self._count(-1))
        return given

    def _compact(self) -> None:
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()
        try:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement).fetchall()
        finally:
            connection.close()

    def _count(self, change: int) -> None:
        with self._counting:
            self._waiting += change

    def _write(self, work: Callable[[Connection], T]) -> T:
        with self._writing.begin() as connection:
            return work(connection)


def look(address: str, work: Callable[[Connection], T]) -> T | None:
    """What `work` reads, without making, migrating or changing anything; None: there is no such database
    yet. Not for the event loop. Raises DatabaseError; what `work` raises, but for
    sqlalchemy.exc.SQLAlchemyError."""
    url = _url(address)
    path = file_of(address)
    if path is not None and not path.exists():
        return None
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        raise _explained(url, error) from error
    finally:
        engine.dispose()


def file_of(address: str) -> Path | None:
    """Where an SQLite database is; None: it is PostgreSQL's. Raises DatabaseError."""
    url = _url(address)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def address_of(logs: Path, configured: str | None) -> str:
    """The address of the database: what the settings say, else the file in the logs folder."""
    return address_at(logs / FILE) if configured is None else configured


def address_at(path: Path) -> str:
    """The address of an SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise DatabaseError(
            "database: this is no address; write postgresql://user:password@host/name"
        ) from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise DatabaseError(f"database: {url.get_backend_name()} is not supported; use sqlite or postgresql")


def _engine(url: URL) -> Engine:
    """Raises DatabaseError."""
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(
                url,
                connect_args=PATIENCE,
                pool_size=READERS + 1,
                max_overflow=0,
                pool_pre_ping=True,
                hide_parameters=True,
            )
        path = Path(url.database or "")
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise DatabaseError(f"{path}: something that is no file is in its place")
        make_private(path)
        arguments = {"timeout": LOCK_SECONDS, "check_same_thread": False}
        engine = create_engine(
            url, connect_args=arguments, pool_size=READERS + 1, max_overflow=0, hide_parameters=True
        )
    except ModuleNotFoundError:
        raise DatabaseError("database: psycopg is not installed: pip install '.[postgresql]'") from None
    except OSError as error:
        raise DatabaseError(f"{url.database}: {(error.strerror or str(error)).lower()}") from error
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """SQLite as it should be for a reader beside a writer; the driver is kept from beginning transactions
    by itself, late and only sometimes."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Whoever writes says so at once: to find out later that somebody else has written is an error."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _check(connection: Connection) -> None:
    """Raises LayoutError: the file is damaged."""
    if connection.dialect.name == "sqlite":
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if verdict != "ok":
            raise LayoutError(f"damaged: {' '.join(str(verdict).split())}")


def _explained(url: URL, error: Exception) -> DatabaseError:
    cause = getattr(error, "orig", None) or error
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    words = f"{where}: {' '.join(str(cause).split()) or type(cause).__name__}"
    passing = isinstance(cause, sqlite3.OperationalError)  # locked, read-only, no space
    of_the_file = isinstance(cause, (LayoutError, sqlite3.DatabaseError)) and not passing
    return DamagedError(words) if of_the_file else DatabaseError(words)


@contextlib.contextmanager
def opened(address: str) -> Iterator[Database]:
    """A database for one command. Raises DatabaseError."""
    database = Database.open(address)
    try:
        yield database
    finally:
        database.close()
