"""A link to a server in threads of its own, fed by a camera."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from client.camera.frames import CapturedFrame
from client.connection.exchange import TIMEOUTS, Timeouts
from client.connection.link import Link, LinkSettings
from client.connection.status import Answer, LinkStatus
from client.exits import FatalError
from wire import ErrorMessage, Hello

IMAGE = np.random.default_rng(3).integers(0, 255, (480, 640, 3), np.uint8)


class Recorder:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.errors: list[ErrorMessage] = []
        self.states: list[str] = []
        self.reasons: list[str] = []

    def on_answer(self, answer: Answer) -> None:
        self.answers.append(answer)

    def on_error(self, error: ErrorMessage) -> None:
        self.errors.append(error)

    def on_link(self, status: LinkStatus) -> None:
        self.states.append(status.state.value)
        self.reasons.append(status.reason)


class Running:
    """A link in its thread, fed by a camera."""

    def __init__(
        self,
        port: int,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        idle_after: float | None = None,
        timeouts: Timeouts = TIMEOUTS,
        pins: frozenset[str] = frozenset(),
    ) -> None:
        self.picture = IMAGE
        self.offered = 0
        self.recorder = Recorder()
        self.fatal: FatalError | None = None
        self.stopping = threading.Event()
        settings = LinkSettings(
            host=host,
            port=port,
            hello=Hello("door", "secret"),
            tls=tls,
            width=640,
            quality=85,
            idle_after=idle_after,
            timeouts=timeouts,
            pins=pins,
        )
        self.link = Link(settings, self.recorder, self.stopping)
        self.threads = [threading.Thread(target=self._run), threading.Thread(target=self._feed)]

    def _run(self) -> None:
        try:
            self.link.run()
        except FatalError as fatal:
            self.fatal = fatal

    def _feed(self) -> None:
        while not self.stopping.wait(0.01):
            self.offered += 1
            self.link.offer(CapturedFrame(self.offered, self.picture, time.monotonic()))

    def answered(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.recorder.answers) >= count


@contextmanager
def running(
    port: int,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    idle_after: float | None = None,
    timeouts: Timeouts = TIMEOUTS,
    pins: frozenset[str] = frozenset(),
) -> Iterator[Running]:
    run = Running(port=port, tls=tls, host=host, idle_after=idle_after, timeouts=timeouts, pins=pins)
    for thread in run.threads:
        thread.start()
    try:
        yield run
    finally:
        run.stopping.set()
        for thread in run.threads:
            thread.join(10)
            assert not thread.is_alive()
