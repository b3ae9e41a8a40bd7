"""One JSON object per line on standard output."""

import contextlib
import json
import os
import queue
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from client.say import say
from client.threads import IDLE_SECONDS

STANDARD_OUTPUT = 1
QUEUE_LENGTH = 256
"""About ten seconds of results for a reader that is slow."""


class JsonLines:
    """Owns standard output. `write` never blocks: when the reader is too slow, new lines are dropped."""

    def __init__(self, terminal: str, on_closed: Callable[[], None]) -> None:
        self._terminal = terminal
        self._on_closed = on_closed
        self._queue: queue.Queue[str] = queue.Queue(QUEUE_LENGTH)
        self._dropping = False
        self._finishing = threading.Event()

    def write(self, values: dict[str, Any]) -> None:
        """Queue `values` as a line, with `terminal` and the time added."""
        now = datetime.now(timezone.utc).astimezone().isoformat(timespec="milliseconds")
        line = json.dumps({"type": values["type"], "terminal": self._terminal, **values, "time": now})
        try:
            self._queue.put_nowait(line)
            self._dropping = False
        except queue.Full:
            if not self._dropping:
                say("standard output is not read: results are dropped")
            self._dropping = True

    def run(self) -> None:
        """Print lines until `finish`."""
        try:
            while not (self._finishing.is_set() and self._queue.empty()):
                with contextlib.suppress(queue.Empty):
                    _print(self._queue.get(timeout=IDLE_SECONDS))
        except BrokenPipeError:
            self._on_closed()

    def finish(self) -> None:
        """Let `run` end when the lines so far are printed."""
        self._finishing.set()


def _print(line: str) -> None:
    """Not through sys.stdout: Python cannot exit while a thread waits inside it for a reader."""
    data = (line + "\n").encode()
    while data:
        data = data[os.write(STANDARD_OUTPUT, data) :]
