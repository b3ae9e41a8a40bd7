"""One worker process, as the event loop sees it: tasks out, outcomes in, and word when it ends."""

import asyncio
import ctypes
import itertools
import logging
import multiprocessing
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

from server.support import osdep
from server.workers import main as worker
from server.workers.answers import PLAIN, Answers
from wire.framing import FrameSplitter

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_BYTES = 32 << 20
"""Longest answer that is taken about a picture: a photo that was prepared."""


class WorkerGoneError(Exception):
    """The process ended, `seconds` after it was asked. `begun`: while it was busy with the task."""

    def __init__(self, begun: bool, seconds: float) -> None:
        super().__init__("the worker process ended")
        self.begun = begun
        self.seconds = seconds


class WorkerProcess(asyncio.Protocol):
    """A process at the other end of a socket pair, which does one task at a time."""

    def __init__(
        self, on_end: Callable[[], None], answers: Answers = PLAIN, answer_bytes: int = ANSWER_BYTES
    ) -> None:
        """`on_end` is called once, when the process has ended, whatever it was doing. `answers`: what may
        come out of it. `answer_bytes`: of the longest that is taken."""
        context = multiprocessing.get_context("spawn")
        self._socket, self._its_socket = socket.socketpair()
        self._begun: ctypes.c_uint64 = context.RawValue(ctypes.c_uint64, 0)
        arguments = (self._its_socket, self._begun, answers)
        self._process = context.Process(target=worker.serve, args=arguments, daemon=True)
        self._on_end = on_end
        self._answers = answers
        self._numbers = itertools.count(1)
        self._number, self._asked = 0, 0.0
        self._answer: asyncio.Future[Any] | None = None
        self._received = FrameSplitter(answer_bytes)
        self._transport: asyncio.Transport | None = None

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    async def start(self, load: Callable[[], T]) -> T:
        """Start the process, and have it load the models; returns what `load` does."""
        try:
            await asyncio.to_thread(self._launch)
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_connection(lambda: self, sock=self._socket)
        finally:
            self._its_socket.close()
        return await self.ask(load)

    def _launch(self) -> None:
        with osdep.interrupt_held_back():
            self._process.start()

    def ask(self, task: Callable[[], T]) -> "asyncio.Future[T]":
        """Have `task` done. The future raises WorkerGoneError; AnswerError: the process is not as it should
        be; and what the task raises, as `answers.unpacked` tells it."""
        self._answer = asyncio.get_running_loop().create_future()
        self._number, self._asked = next(self._numbers), time.monotonic()
        if self._transport is None or self._transport.is_closing():
            self._answer.set_exception(WorkerGoneError(False, 0.0))
        else:
            self._transport.write(worker.order(self._number, task))
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received.feed(data)
        message = self._received.next_payload()
        if message is not None:
            self._settle(message)
            if self._received.buffered:
                self._refuse()

    def _refuse(self) -> None:
        """It says what nobody has asked for, which would be taken for the answer to what is asked next."""
        log.error("worker process %d speaks out of turn; it is ended", self.pid)
        self.kill()

    def _settle(self, message: bytes) -> None:
        if self._answer is None or self._answer.done():
            self._refuse()
            return
        try:
            result, error = self._answers.unpack(message)
        except Exception as failure:
            result, error = None, failure
        if error is not None:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(result)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            begun = self._begun.value == self._number
            self._answer.set_exception(WorkerGoneError(begun, time.monotonic() - self._asked))
        self._on_end()

    async def finish(self) -> None:
        """Let the process end after what it is doing; returns when it has."""
        if self._transport:
            self._transport.close()
        if self._process.pid:
            await asyncio.to_thread(self._process.join)

    def kill(self) -> None:
        """End it now."""
        if self._process.pid:
            self._process.kill()
        if self._transport is None:
            self._socket.close()
