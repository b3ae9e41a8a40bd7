"""Words that stand for enrolled people without naming them: the same at this site for ever, and of no use at
another."""

import hashlib
import hmac
import secrets
import threading
from pathlib import Path

from server.support.private_files import open_private, replace_private

FILE = "pseudonym.key"
"""In the logs folder."""
KEY_BYTES = 32
DIGITS = 16
"""Hexadecimal: of a million people, one in 30 million sites has two with the same word."""


class PseudonymKeyError(Exception):
    """The key's file cannot be made, read or used; the message says why."""


class Pseudonyms:
    """Makes them with the key of this site, which is made when it is first needed. Whoever has the key can
    try names; without it nobody can. Safe to use from several threads, but not for the event loop."""

    def __init__(self, path: Path) -> None:
        """`path`: of the key's file."""
        self._path = path
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def of(self, name: str) -> str:
        """HMAC-SHA256 of an enrolled person's display name. Raises PseudonymKeyError."""
        return hmac.new(self._loaded(), name.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    def _loaded(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._read()
            return self._key

    def _read(self) -> bytes:
        try:
            if not self._path.exists():
                replace_private(self._path, secrets.token_bytes(KEY_BYTES))
            with open_private(self._path, "rb") as file:
                key = file.read(KEY_BYTES + 1)
        except OSError as error:
            raise PseudonymKeyError(f"{self._path}: {(error.strerror or str(error)).lower()}") from error
        if len(key) != KEY_BYTES:
            raise PseudonymKeyError(
                f"{self._path} is no key of {KEY_BYTES} bytes; where it is lost, delete it"
            )
        return key
