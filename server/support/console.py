"""Where log records go: the console and server_log.txt, written by threads of their own.

The event loop only queues records. A console that nobody reads (a paused pager, a full pipe) or a disk that
hangs costs records, never frames.
"""

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Literal, TypeAlias

from server.support import osdep
from server.support.quoting import json_line

LOG_FILE = "server_log.txt"
LOG_BYTES = 10_000_000
LOG_FILES = 5
QUEUED_RECORDS = 1000
LAST_RECORDS_SECONDS = 1.0
"""How long the end of the program waits for queued records to be written."""
STDOUT, STDERR = 1, 2
CONSOLE_ONLY = {"console_only": True}
"""As `extra` of a record: it holds a secret, and is not for a file."""


class _OneLine(logging.Formatter):
    """Keeps every record on a line of its own, whatever names it quotes; tracebacks stay readable below."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        line = super().formatMessage(record)
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


class _Json(logging.Formatter):
    """Each record as one JSON object on a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        message, _, more = record.getMessage().partition("\n")
        told = {
            "time": datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        return json_line({**told, "traceback": more} if more else told)


LogFormat: TypeAlias = Literal["text", "json"]
_FORMATTERS: dict[LogFormat, Callable[[], logging.Formatter]] = {
    "text": lambda: _OneLine("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"),
    "json": _Json,
}


class _Console(logging.Handler):
    """Writes to a file descriptor, unbuffered and without a lock: one thread writes, and when it hangs, the
    end of the program must not wait for it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def createLock(self) -> None:  # noqa: N802
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        data = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


class _LogFile(RotatingFileHandler):
    """Goes on in a new file where somebody has deleted or moved the old one, or its folder."""

    def _open(self) -> TextIOWrapper:
        descriptor = osdep.private_opener(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return TextIOWrapper(open(descriptor, "ab"), encoding=self.encoding)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            self._follow()
        super().emit(record)

    def _follow(self) -> None:
        path = Path(self.baseFilename)
        if self.stream is not None:
            if _leads_to(path, self.stream.fileno()):
                return
            self.stream.close()
            self.stream = None  # opened when it is next written to
        path.parent.mkdir(parents=True, exist_ok=True)


def console(descriptor: int) -> logging.Handler:
    """A handler for the console."""
    return _Console(descriptor)


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def log_file(folder: Path) -> logging.Handler:
    """A handler for server_log.txt in `folder`, which is rotated by itself. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = rotated_file(folder / LOG_FILE, LOG_BYTES, LOG_FILES)
    handler.addFilter(lambda record: not getattr(record, "console_only", False))
    return handler


def rotated_file(path: Path, size: int, files: int) -> RotatingFileHandler:
    """Writes records to a file that is rotated by itself: `files` of `size` bytes. Raises OSError."""
    return _LogFile(path, maxBytes=size, backupCount=files - 1, encoding="utf-8")


@contextlib.contextmanager
def logging_to(
    *handlers: logging.Handler, level: int = logging.INFO, log_format: LogFormat = "text"
) -> Iterator[None]:
    """Send all records to the handlers, each fed by a thread and a bounded queue of its own."""
    logging.raiseExceptions = False  # a full disk must not bury the console under tracebacks
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.setLevel(level)
    listeners = []
    for handler in handlers:
        handler.setFormatter(_FORMATTERS[log_format]())
        records: queue.Queue[logging.LogRecord] = queue.Queue(QUEUED_RECORDS)
        root.addHandler(QueueHandler(records))
        listeners.append(QueueListener(records, handler))
        listeners[-1].start()
    try:
        yield
    finally:
        enders = [threading.Thread(target=_end, args=(listener,), daemon=True) for listener in listeners]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join(LAST_RECORDS_SECONDS)


def _end(listener: QueueListener) -> None:
    with contextlib.suppress(queue.Full):  # it hangs, and so will never be told
        listener.stop()
