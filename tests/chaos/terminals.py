"""Terminals: the real client's core, which remembers what it was told and what it has shown."""

import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from client.camera.frames import CapturedFrame, Image
from client.connection.exchange import TIMEOUTS, Timeouts
from client.connection.link import Link, LinkSettings
from client.connection.status import Answer, LinkState, LinkStatus
from client.screen.screen import GRANT_SECONDS, screen_at
from tests.chaos.film import ENROLLED, FPS, Film
from wire import DecisionNotice, ErrorMessage, Hello, Verdict
from wire.words import Banner

LATE_SECONDS = 0.5
"""As terminals are shipped (`--late`)."""
LOOK_SECONDS = 0.02


class Terminal:
    """Frames of a film in, answers out.

    `told`: decisions by their ids. `answered`: when answers came; `slowest`: the longest that one took,
    seconds. `lost`: connections. `violations`: what must never be.
    """

    def __init__(
        self,
        name: str,
        port: int,
        film: Film,
        offset: float = 0.0,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        """`offset`: where in the film it begins, seconds."""
        self.name = name
        self.told: dict[str, DecisionNotice] = {}
        self.answered: list[float] = []
        self.slowest = 0.0
        self.lost = 0
        self.errors: list[ErrorMessage] = []
        self.violations: list[str] = []
        self.grants_shown = 0
        self._film = film
        self._begun = time.monotonic() - offset
        self._stopping = threading.Event()
        hello = Hello(name, None)
        settings = LinkSettings(
            host="127.0.0.1",
            port=port,
            hello=hello,
            tls=tls,
            width=640,
            quality=85,
            idle_after=None,
            timeouts=timeouts,
        )
        self.link = Link(settings, self, self._stopping)
        work = (self.link.run, self._capture, self._watch)
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]

    @property
    def live(self) -> bool:
        """Whether it is connected, and no answer is overdue."""
        status, now = self.link.status, time.monotonic()
        waiting = status.waiting_since
        return status.state is LinkState.CONNECTED and (waiting is None or now - waiting < LATE_SECONDS)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive(), f"{self.name} does not end"

    def answered_since(self, moment: float) -> bool:
        return bool(self.answered) and self.answered[-1] > moment

    def on_answer(self, answer: Answer) -> None:
        self.answered.append(answer.received)
        self.slowest = max(self.slowest, answer.received - answer.sent.sent)
        decision = answer.result.decision
        if decision is None:
            return
        if decision.id in self.told:
            self.violations.append(f"{self.name}: decision {decision.id} was told twice")
        self.told[decision.id] = decision
        if decision.verdict is Verdict.GRANTED and decision.names != (ENROLLED,):
            self.violations.append(f"{self.name}: a grant for {decision.names}")

    def on_error(self, error: ErrorMessage) -> None:
        self.errors.append(error)

    def on_link(self, status: LinkStatus) -> None:
        self.lost += status.state is LinkState.LOST

    def _capture(self) -> None:
        number = 0
        while not self._stopping.wait(1 / FPS):
            number += 1
            now = time.monotonic()
            self.link.offer(CapturedFrame(number, self._picture(now), now))

    def _picture(self, now: float) -> Image:
        return self._film.at(now - self._begun)

    def _watch(self) -> None:
        """What the screen shows, held against what the camera saw: a grant is gone a second after whom it is
        for."""
        while not self._stopping.wait(LOOK_SECONDS):
            before = time.monotonic()
            screen = screen_at(before, self.link.status, None, False, LATE_SECONDS)
            if screen.banner is not Banner.GRANTED:
                continue
            self.grants_shown += 1
            seen = before - self._begun
            if not self._film.shows_enrolled(seen - GRANT_SECONDS - 1 / FPS, seen):
                self.violations.append(
                    f"{self.name}: a grant is shown {GRANT_SECONDS} s after whom it is for"
                )
            if screen.names not in ((), (ENROLLED,)):
                self.violations.append(f"{self.name}: granted to {screen.names}")


@contextmanager
def crowd(
    ports: Sequence[int], film: Film, tls: ssl.SSLContext | None = None, timeouts: Timeouts = TIMEOUTS
) -> Iterator[list[Terminal]]:
    """A terminal for each port, each at another place of the film."""
    terminals = [
        Terminal(f"door-{at}", port, film, offset=at * 1.3, tls=tls, timeouts=timeouts)
        for at, port in enumerate(ports)
    ]
    for terminal in terminals:
        terminal.start()
    try:
        yield terminals
    finally:
        for terminal in terminals:
            terminal.stop()


def told(terminals: Sequence[Terminal]) -> dict[str, DecisionNotice]:
    return {key: notice for terminal in terminals for key, notice in tuple(terminal.told.items())}


def violations(terminals: Sequence[Terminal]) -> list[str]:
    return [each for terminal in terminals for each in terminal.violations]
