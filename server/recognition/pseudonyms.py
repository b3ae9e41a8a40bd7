"""Words that stand for enrolled people without naming them: the same at this site for ever, and of no use at
another."""

import hashlib
import hmac
import threading
from pathlib import Path

from server.support.key_file import key_of

FILE = "pseudonym.key"
"""In the logs folder."""
PREFIX = "person:"
"""Of the words that stand in logs."""
DIGITS = 16
"""Hexadecimal: of a million people, one in 30 million sites has two with the same word."""


class Pseudonyms:
    """Makes them with the key of this site, which is made when it is first needed. Whoever has the key can
    try names; without it nobody can. Safe to use from several threads, but not for the event loop."""

    def __init__(self, path: Path) -> None:
        """`path`: of the key's file."""
        self._path = path
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def of(self, name: str) -> str:
        """HMAC-SHA256 of an enrolled person's display name. Raises KeyFileError."""
        return hmac.new(self._loaded(), name.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    def word(self, name: str) -> str:
        """As logs have it in place of a name. Raises KeyFileError, but never once any was made."""
        return f"{PREFIX}{self.of(name)}"

    @classmethod
    def known_word(cls, logs: Path, name: str) -> str | None:
        """The word for somebody; None: this site has no key, and so no words. Raises KeyFileError."""
        path = logs / FILE
        return cls(path).word(name) if path.exists() else None

    def _loaded(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = key_of(self._path)
            return self._key
