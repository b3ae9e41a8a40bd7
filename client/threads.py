"""The threads of the terminal: started here, stopped together, none dies unnoticed."""

import threading
import time
import traceback
from collections.abc import Callable

from client.exits import Exit, FatalError
from client.latest import Latest, T
from client.say import say

IDLE_SECONDS = 0.2
"""How often a thread that waits for work looks whether it should stop."""


class Threads:
    """Owns the decision to stop: the first reason wins and becomes the exit code."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._deciding = threading.Lock()
        self._code = Exit.OK
        self._threads: list[threading.Thread] = []

    @property
    def code(self) -> Exit:
        return self._code

    def stop(self, code: Exit = Exit.OK, message: str = "") -> None:
        """Ask every thread to end. Later calls change nothing. Not for signal handlers: it takes locks."""
        with self._deciding:
            if self.stopping.is_set():
                return
            self._code = code
            self.stopping.set()
        if message:
            say(message)

    def start(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Run `work` in a thread. An exception in it stops them all."""
        # Daemons: a camera driver or a name lookup that hangs must not keep the process alive.
        thread = threading.Thread(target=self._guarded, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except FatalError as fatal:
            self.stop(fatal.code, fatal.message)
        except Exception as error:
            traceback.print_exc()
            self.stop(Exit.CRASHED, f"the {name} thread failed unexpectedly: {error!r}")

    def consume(self, name: str, slot: Latest[T], handle: Callable[[T], None]) -> None:
        """Start a thread that hands what it can take from `slot` to `handle`, the last value included."""

        def work() -> None:
            while (value := slot.take(IDLE_SECONDS)) is not None or not self.stopping.is_set():
                if value is not None:
                    handle(value)

        self.start(name, work)

    def join(self, seconds: float) -> None:
        """Wait for the threads to end, `seconds` in all."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
