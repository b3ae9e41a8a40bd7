"""How long a worker may keep a task: what it waits for a processor is not the task's doing."""

import asyncio
import time
from collections.abc import Callable

from server.access.seen import Hints
from server.support import osdep

FRAME_SECONDS = 2.0
"""Of a frame as the settings are shipped. Measured on two slow cores: 0.05 s with a face, 0.35 s with thirty
in 4 megapixels."""
SHIPPED_FACES, SHIPPED_PIXELS, SHIPPED_MIN_FACE = 4, 4_000_000, 48
"""Settings that let a frame cost more give it longer in proportion. Measured there: 32 faces 2.4 s, 63
megapixels 5 s, and 28 s if faces of 20 pixels are looked for."""


def frame_seconds(hints: Hints) -> float:
    """How long a worker may work on a frame."""
    searched = hints.max_pixels / SHIPPED_PIXELS * (SHIPPED_MIN_FACE / hints.min_face) ** 2
    return FRAME_SECONDS * max(1.0, hints.max_faces / SHIPPED_FACES, searched)


class Patience:
    """With one task of the process `pid`, from now until `end`. When it is `over`, `give_up` has been called.

    A machine that is overloaded makes every frame late, and to start other workers would make them later
    still: so `seconds` leave out what the process waits for a processor, where the system tells (Linux), and
    a process that is stopped or hangs waits for none. `longest` are seconds by the clock.
    """

    def __init__(self, pid: int, seconds: float, longest: float, give_up: Callable[[], None]) -> None:
        self.over = False
        self._pid = pid
        self._seconds = min(seconds, longest)
        self._longest = longest
        self._give_up = give_up
        self._begun = time.monotonic()
        self._waited = osdep.waited_for_processor(pid)
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.call_later(self._seconds if self._tells else longest, self._look)

    @property
    def _tells(self) -> bool:
        return self._waited is not None

    def end(self, _: object = None) -> None:
        self._next.cancel()

    def _look(self) -> None:
        taken = time.monotonic() - self._begun
        left = min(self._longest - taken, self._seconds - (taken - self._waiting()))
        if left <= 0 or not self._tells:
            self.over = True
            self._give_up()
        else:
            self._next = self._loop.call_later(left, self._look)

    def _waiting(self) -> float:
        """For a processor, since the beginning."""
        now = osdep.waited_for_processor(self._pid)
        return 0.0 if now is None or self._waited is None else now - self._waited
