"""Embeddings by content hash, so that a restart does not look at every photo again."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from server.vision.analysis import (
    EMBEDDING_SIZE,
    PIPELINE,
    PhotoAccepted,
    PhotoFlaw,
    PhotoOutcome,
    PhotoRefused,
)

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS photo (
    sha256 TEXT NOT NULL, pipeline TEXT NOT NULL,
    embedding BLOB, face_pixels INTEGER, sharpness REAL, flaw TEXT, detail TEXT,
    PRIMARY KEY (sha256, pipeline)
)
"""
_EMBEDDING_BYTES = EMBEDDING_SIZE * 4


class EmbeddingCache:
    """A SQLite file of photo outcomes. It is derived data: a damaged one is made anew.

    Safe to call from several threads. Unreadable photos are not kept: their file may still be arriving.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._database = self._open()
        except sqlite3.OperationalError:  # locked, read-only, no space: not damaged
            raise
        except sqlite3.DatabaseError as error:
            log.warning("%s is damaged (%s); photos are looked at again", path, error)
            path.unlink(missing_ok=True)
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA secure_delete=ON")  # a removed face leaves no bytes behind
            database.execute(_SCHEMA)
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def get(self, sha256: str) -> PhotoOutcome | None:
        try:
            with self._lock:
                row = self._database.execute(
                    "SELECT embedding, face_pixels, sharpness, flaw, detail FROM photo"
                    " WHERE sha256 = ? AND pipeline = ?",
                    (sha256, PIPELINE),
                ).fetchone()
        except sqlite3.Error as error:
            log.warning("%s cannot be read: %s", self._path, error)
            return None
        if row is None:
            return None
        return _outcome(*row)

    def put(self, sha256: str, outcome: PhotoOutcome) -> None:
        if isinstance(outcome, PhotoAccepted):
            blob = outcome.embedding.astype("<f4").tobytes()
            row: tuple[object, ...] = (blob, outcome.face_pixels, outcome.sharpness, None, None)
        elif outcome.flaw is PhotoFlaw.UNREADABLE:
            return
        else:
            row = (None, None, None, outcome.flaw.value, outcome.detail)
        self._write(
            lambda: self._database.execute(
                "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?, ?, ?, ?)", (sha256, PIPELINE, *row)
            )
        )

    def keep_only(self, hashes: Iterable[str]) -> None:
        """Forget the faces of photos that are gone."""
        self._write(lambda: self._delete_all_but(set(hashes)))

    def _delete_all_but(self, hashes: set[str]) -> None:
        known = {sha for (sha,) in self._database.execute("SELECT sha256 FROM photo")}
        self._database.executemany("DELETE FROM photo WHERE sha256 = ?", [(sha,) for sha in known - hashes])

    def _write(self, change: Callable[[], object]) -> None:
        """A cache that cannot be written costs time at the next start, no more."""
        try:
            with self._lock:
                change()
        except sqlite3.Error as error:
            log.warning("%s cannot be written: %s", self._path, error)

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _outcome(
    embedding: object, face_pixels: object, sharpness: object, flaw: object, detail: object
) -> PhotoOutcome | None:
    """A row as an outcome; None when it is not one that we wrote."""
    if flaw is not None:
        known = flaw in {member.value for member in PhotoFlaw} and isinstance(detail, str)
        return PhotoRefused(PhotoFlaw(flaw), str(detail)) if known else None
    if not isinstance(embedding, bytes) or len(embedding) != _EMBEDDING_BYTES:
        return None
    values = np.frombuffer(embedding, dtype="<f4").astype(np.float32)
    if not np.isfinite(values).all() or not isinstance(face_pixels, int) or not isinstance(sharpness, float):
        return None
    return PhotoAccepted(values, face_pixels, sharpness)
