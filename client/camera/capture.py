"""The capture thread: plays a source at its own rate and brings a lost camera back."""

import threading
import time
from collections.abc import Callable
from contextlib import closing

from client.camera.frames import CapturedFrame, Image
from client.camera.sources import CameraLostError, Source
from client.say import say

RETRY_SECONDS = 2.0
BEHIND_SECONDS = 1.0
"""A file that plays later than this (the machine slept) goes on from now instead of catching up."""


class Capture:
    """Owns the source. Other threads only read the three public attributes."""

    def __init__(
        self,
        source: Source,
        loop: bool,
        publish: Callable[[CapturedFrame], None],
        stopping: threading.Event,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.lost = False
        """Whether the camera is away at the moment."""
        self.ended = False
        self.number = 0
        """Number of the last published frame."""
        self._source = source
        self._loop = loop
        self._publish = publish
        self._stopping = stopping
        self._retry_seconds = retry_seconds

    def run(self) -> None:
        """Publish frames until the source ends for good. Raises FatalError: nothing can be decoded."""
        while not self._stopping.is_set():
            try:
                self._play()
            except CameraLostError as error:
                self._camera_lost(str(error))
                self._stopping.wait(self._retry_seconds)
            else:
                if not self._loop:
                    break
        self.ended = True

    def _play(self) -> None:
        due = time.monotonic()
        with closing(self._source.frames()) as pictures:
            for image, period in pictures:
                if self._stopping.is_set():
                    return
                due = self._live(image, period, due) if self._source.live else self._paced(image, period, due)

    def _live(self, image: Image, period: float, due: float) -> float:
        """Every picture is read, lest old ones pile up in the driver; those that are due are passed on."""
        now = time.monotonic()
        if now < due:
            return due
        self._show(image, now)
        return max(due + period, now)

    def _paced(self, image: Image, period: float, due: float) -> float:
        now = time.monotonic()
        self._show(image, now)
        due = max(due, now - BEHIND_SECONDS) + period
        self._stopping.wait(max(0.0, due - time.monotonic()))
        return due

    def _show(self, image: Image, now: float) -> None:
        if self.lost:
            self.lost = False
            say(f"{self._source.name}: pictures again")
        self.number += 1
        self._publish(CapturedFrame(self.number, image, now))

    def _camera_lost(self, reason: str) -> None:
        if not self.lost:
            self.lost = True
            say(f"{self._source.name}: {reason}; trying again every {self._retry_seconds:g} s")
