"""Embeddings by content hash, so that a restart does not look at every photo again."""

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import Embedding
from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoOutcome, PhotoRefused
from server.gallery.arrivals import Arrival
from server.gallery.embedding_blobs import EmbeddingBlobs
from server.support.cipher import Cipher
from server.support.errors import StartError
from server.support.private_files import make_private

log = logging.getLogger(__name__)

CACHE_FILE = "embeddings.sqlite3"
"""In the logs folder."""
_FORMAT = 2
"""Number of the tables' layout; a file with another one is made anew."""
_NEW_TABLES = f"""
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS photo;
DROP TABLE IF EXISTS arrival;
CREATE TABLE photo (
    sha256 TEXT NOT NULL, pipeline TEXT NOT NULL,
    embedding BLOB, mirrored BLOB, face_pixels INTEGER, sharpness REAL, flaw TEXT, detail TEXT,
    PRIMARY KEY (sha256, pipeline)
);
CREATE TABLE arrival (
    person TEXT NOT NULL, sha256 TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (person, sha256)
);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""


class EmbeddingCache:
    """A SQLite file of photo outcomes, and of the order in which photos came. A damaged one is made anew:
    outcomes are derived data; the order is then that of the files' times.

    Safe to call from several threads. Unreadable photos are not kept: their file may still be arriving.
    """

    def __init__(
        self, path: Path, pipeline: str, *, as_copy: bool = False, cipher: Cipher | None = None
    ) -> None:
        """`pipeline`: what outcomes depend on (`Recogniser.pipeline`); those of others stay. `as_copy`: work
        on a copy in memory; the file stays as it is, and missing if it is. `cipher`: encrypts embeddings,
        also those that are there. Raises OSError, sqlite3.Error."""
        self._path = path
        self._pipeline = pipeline
        self._blobs = EmbeddingBlobs(cipher)
        self._lock = threading.Lock()
        if as_copy:
            self._database = self._copy()
        else:
            self._database = self._opened()
        if cipher is not None:
            self.rewrap(None)

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.OperationalError:  # locked, read-only, no space: not damaged
            raise
        except sqlite3.DatabaseError as error:
            log.warning("%s is damaged (%s); photos are looked at again", self._path, error)
            self._path.unlink(missing_ok=True)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        make_private(self._path)
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            _prepare(database)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _copy(self) -> sqlite3.Connection:
        """What the file holds; nothing where it is missing or cannot be used."""
        memory = _in_memory()
        if os.path.exists(self._path):
            try:
                address = f"{self._path.absolute().as_uri()}?mode=ro"
                with contextlib.closing(sqlite3.connect(address, timeout=10, uri=True)) as file:
                    file.backup(memory)
                _prepare(memory)
                return memory
            except sqlite3.Error as error:
                log.warning("%s cannot be used (%s); photos are looked at again", self._path, error)
                memory.close()
                memory = _in_memory()
        _prepare(memory)
        return memory

    def get(self, sha256: str) -> PhotoOutcome | None:
        try:
            with self._lock:
                row = self._database.execute(
                    "SELECT embedding, mirrored, face_pixels, sharpness, flaw, detail FROM photo"
                    " WHERE sha256 = ? AND pipeline = ?",
                    (sha256, self._pipeline),
                ).fetchone()
        except sqlite3.Error as error:
            log.warning("%s cannot be read: %s", self._path, error)
            return None
        if row is None:
            return None
        face, mirrored, *rest = row
        return _outcome(self._blobs.pair((face, mirrored), sha256, self._pipeline), *rest)

    def put(self, sha256: str, outcome: PhotoOutcome) -> None:
        if isinstance(outcome, PhotoAccepted):
            pair = outcome.embedding, outcome.mirrored
            blobs = self._blobs.packed(pair, sha256, self._pipeline)
            row: tuple[object, ...] = (*blobs, outcome.face_pixels, outcome.sharpness, None, None)
        elif outcome.flaw is PhotoFlaw.UNREADABLE:
            return
        else:
            row = (None, None, None, None, outcome.flaw.value, outcome.detail)
        self._write(
            lambda: self._database.execute(
                "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (sha256, self._pipeline, *row)
            )
        )

    def keep_only(self, hashes: Iterable[str]) -> None:
        """Forget the faces of photos that are gone."""
        self._write(lambda: self._delete_all_but(set(hashes)))

    def _delete_all_but(self, hashes: set[str]) -> None:
        known = {sha for (sha,) in self._database.execute("SELECT sha256 FROM photo")}
        self._database.executemany("DELETE FROM photo WHERE sha256 = ?", [(sha,) for sha in known - hashes])

    def looks(self, hashes: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """How the faces on these photos look: pipeline -> float32[n, 128]."""
        found: dict[str, list[Embedding]] = {}
        with self._lock:
            for sha256 in hashes:
                asked = "SELECT pipeline, embedding, mirrored FROM photo WHERE sha256 = ?"
                for pipeline, face, mirrored in self._database.execute(asked, (sha256,)).fetchall():
                    pair = self._blobs.pair((face, mirrored), sha256, pipeline)
                    found.setdefault(pipeline, []).extend(pair or ())
        return {pipeline: np.stack(rows) for pipeline, rows in found.items() if rows}

    def hashes_of(self, person: str) -> list[str]:
        """The sha256 of the person's photos, as they came."""
        return [arrival.sha256 for arrival in self.arrivals() if arrival.person == person]

    def forget(self, person: str, hashes: Iterable[str]) -> None:
        """Leave nothing of a person and these photos in the file, be it in pages that hold nothing any more.
        Raises sqlite3.Error."""
        with self._lock:
            self._database.executemany("DELETE FROM photo WHERE sha256 = ?", [(each,) for each in hashes])
            self._database.execute("DELETE FROM arrival WHERE person = ?", (person,))
            self._database.execute("VACUUM")

    def arrivals(self) -> list[Arrival]:
        """As `keep_arrivals` left them."""
        try:
            with self._lock:
                rows = self._database.execute("SELECT person, sha256, number FROM arrival").fetchall()
        except sqlite3.Error as error:
            log.warning("%s cannot be read: %s", self._path, error)
            return []
        return [Arrival(*row) for row in rows if tuple(map(type, row)) == (str, str, int)]

    def keep_arrivals(self, arrivals: Iterable[Arrival]) -> None:
        """Remember these, and no others."""
        self._write(lambda: self._replace_arrivals(arrivals))

    def _replace_arrivals(self, arrivals: Iterable[Arrival]) -> None:
        with _transaction(self._database):
            self._database.execute("DELETE FROM arrival")
            self._database.executemany("INSERT INTO arrival VALUES (?, ?, ?)", arrivals)

    def _write(self, change: Callable[[], object]) -> None:
        """A cache that cannot be written costs time at the next start, no more."""
        try:
            with self._lock:
                change()
        except sqlite3.Error as error:
            log.warning("%s cannot be written: %s", self._path, error)

    def rewrap(self, former: Cipher | None) -> None:
        """Have embeddings that lie there encrypted by that key, or not at all, lie as they do now, and leave
        nothing of the former ones in the file. Raises sqlite3.Error."""
        old = EmbeddingBlobs(former)
        with self._lock:
            rows = self._database.execute(
                "SELECT sha256, pipeline, embedding, mirrored FROM photo"
            ).fetchall()
            changed = [
                (*self._blobs.packed(pair, sha256, pipeline), sha256, pipeline)
                for sha256, pipeline, *blobs in rows
                if (pair := old.pair((blobs[0], blobs[1]), sha256, pipeline)) is not None
            ]
            if changed:
                with _transaction(self._database):
                    self._database.executemany(
                        "UPDATE photo SET embedding = ?, mirrored = ? WHERE sha256 = ? AND pipeline = ?",
                        changed,
                    )
                self._database.execute("VACUUM")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def open_cache(logs: Path, pipeline: str, cipher: Cipher | None = None) -> EmbeddingCache:
    """The cache in the logs folder, which is made where it is missing. Raises StartError."""
    path = logs / CACHE_FILE
    try:
        logs.mkdir(parents=True, exist_ok=True)
        return EmbeddingCache(path, pipeline, cipher=cipher)
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"logs: cannot use {path}: {error}") from error


def copy_of_cache(logs: Path, pipeline: str, cipher: Cipher | None = None) -> EmbeddingCache:
    """What that cache holds, for commands beside the server: what they look at must not count as known to it,
    or it would give no receipt."""
    return EmbeddingCache(logs / CACHE_FILE, pipeline, as_copy=True, cipher=cipher)


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables where they are not of our format. Raises sqlite3.Error: it is damaged."""
    database.execute("PRAGMA secure_delete=ON")  # a removed face leaves no bytes behind
    if database.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
        database.executescript(_NEW_TABLES)
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _outcome(
    pair: tuple[Embedding, Embedding] | None,
    face_pixels: object,
    sharpness: object,
    flaw: object,
    detail: object,
) -> PhotoOutcome | None:
    """A row as an outcome; None when it is not one that we wrote."""
    if flaw is not None:
        known = flaw in {member.value for member in PhotoFlaw} and isinstance(detail, str)
        return PhotoRefused(PhotoFlaw(flaw), str(detail)) if known else None
    if pair is None or not isinstance(face_pixels, int) or not isinstance(sharpness, float):
        return None
    return PhotoAccepted(*pair, face_pixels, sharpness)
