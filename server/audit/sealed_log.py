"""A durable log whose lines are sealed as they are written; see `server.audit.seals`."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from server.audit.durable import DurableLog
from server.audit.last_seal import FILE as LAST_SEAL
from server.audit.last_seal import LastSeal
from server.audit.seals import Link, following, last_sealed, with_seal

log = logging.getLogger(__name__)

TAIL_BYTES = 1 << 16
"""Of the file's end: a line has some hundred bytes."""


class SealedLog:
    """Not for several threads at once."""

    def __init__(
        self, path: Path, key: bytes, on_cut: Callable[[int, int], None] = lambda there, written: None
    ) -> None:
        """`on_cut` is told where the file ends with another entry than the last that was written: their
        numbers. Raises OSError."""
        self._on_cut = on_cut
        self._path = path
        self._key = key
        self._log = DurableLog(path)
        self._last = LastSeal(path.with_name(LAST_SEAL), key)
        self._link: Link | None = None
        """None: what the file ends with has to be looked up."""

    def append(self, lines: Sequence[str]) -> list[str]:
        """As `DurableLog.append`; returns the lines with their seals."""
        link, torn = (self._link, b"") if self._link is not None else self._resume()
        sealed = []
        for line in lines:
            text = line.encode("utf-8", "backslashreplace")
            link, torn = following(self._key, link, text, torn), b""
            sealed.append(with_seal(text, link).decode())
        self._link = None  # a failure may leave part of them
        self._log.append(sealed)
        self._link = link
        self._last.write(link)
        return sealed

    def close(self) -> None:
        """Raises OSError."""
        try:
            self._log.close()
        finally:
            self._last.close()

    def _resume(self) -> tuple[Link, bytes]:
        """Where the chain goes on, and what a crash has left behind it."""
        tail = self._log.tail(TAIL_BYTES)
        in_file, torn = last_sealed(tail)
        kept = self._last.read()
        if kept.number <= in_file.number:
            return in_file, torn
        if tail:
            log.warning(
                "%s ends with entry %d, and entry %d has been written: what has become of the others tells"
                " python -m server verify-log",
                self._path,
                in_file.number,
                kept.number,
            )
            self._on_cut(in_file.number, kept.number)
        return kept, torn
