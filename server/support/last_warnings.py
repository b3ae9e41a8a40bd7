"""The last warnings and errors that were logged, for whoever looks after the server without its console."""

import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

MOST = 100
SHOWN_CHARS = 1000


class Warned(NamedTuple):
    """`moment`: milliseconds since 1970. `text`: one line; tracebacks are in server_log.txt."""

    moment: int
    level: str
    text: str


class LastWarnings(logging.Handler):
    """Keeps the last `MOST` of them; none that holds a secret."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[Warned] = deque(maxlen=MOST)
        self.addFilter(_is_wanted)

    def emit(self, record: logging.LogRecord) -> None:
        first = record.getMessage().split("\n", 1)[0]
        text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in first[:SHOWN_CHARS])
        self._kept.append(Warned(round(record.created * 1000), record.levelname.lower(), text))

    def replace(self, change: Callable[[str], str]) -> None:
        """Give each another text."""
        self.acquire()
        try:
            kept = [warned._replace(text=change(warned.text)) for warned in self._kept]
            self._kept.clear()
            self._kept.extend(kept)
        finally:
            self.release()

    def newest(self) -> list[Warned]:
        """The newest first."""
        self.acquire()
        try:
            return list(reversed(self._kept))
        finally:
            self.release()


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING and not getattr(record, "console_only", False)
