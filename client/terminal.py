"""The terminal as a whole: its threads and who hands what to whom.

Frames flow from the capture thread to the link, the screen and the local detection; results from the link to
the screen, the grant command, the snapshot and standard output. Every hand-over drops rather than waits.
"""

import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import cv2
import numpy as np

from client.camera.capture import Capture
from client.camera.frames import CapturedFrame, Image
from client.camera.local_faces import LocalDetection
from client.camera.sources import open_source
from client.connection.idle import HOLD_SECONDS
from client.connection.link import Link, LinkSettings
from client.connection.status import Answer, LinkState, LinkStatus, is_late
from client.exits import Exit, FatalError
from client.grants import COMMAND_SECONDS, GrantRunner
from client.json_lines import JsonLines
from client.latest import Latest
from client.options import Options
from client.say import say
from client.screen.display import display_problem
from client.screen.fonts import Fonts
from client.screen.gui import OpenCvGui
from client.screen.lettering import Lettering
from client.screen.overlay import draw
from client.screen.screen import screen_at
from client.screen.snapshot import Snapshots
from client.screen.window import Window
from client.threads import IDLE_SECONDS, Threads
from wire import ErrorMessage, Hello

REDRAW_SECONDS = 0.04
"""Longest time between two pictures on the screen."""
LAST_ANSWER_SECONDS = 5.0
"""How long an ended source waits for the answer to its last frame."""
STOP_SECONDS = 2.0
OPENCV_THREADS = 2
"""A terminal is a small computer that must also decode video."""
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
NO_PICTURE: Image = np.full((480, 640, 3), 32, np.uint8)


class Terminal:
    """Owns the threads. The methods `on_*` are called by the link's thread."""

    def __init__(self, options: Options, threads: Threads) -> None:
        self._options = options
        self._threads = threads
        self._asked_to_quit = False
        self._picture: Latest[CapturedFrame] = Latest()
        self._local: Latest[CapturedFrame] = Latest()
        source = open_source(options.source, options.fps)
        self._mirrored = options.mirror and source.is_camera
        self._capture = Capture(source, options.loop, self._publish, threads.stopping)
        hello = Hello(options.terminal, options.token)
        settings = LinkSettings(
            host=options.host,
            port=options.port,
            hello=hello,
            tls=options.tls,
            pins=options.pins,
            certified=options.certified,
            width=options.width,
            quality=options.quality,
            idle_after=HOLD_SECONDS if source.is_camera else None,
        )
        self._link = Link(settings, self, threads.stopping)
        self._local_detection = LocalDetection()
        self._grants = GrantRunner(options.on_grant, options.environment, options.terminal)
        self._lettering = Lettering(_fonts(options.font))
        self._snapshots = Snapshots(options.snapshot, self._lettering) if options.snapshot else None
        self._lines = JsonLines(options.terminal, threads.stop)

    def run(self) -> None:
        """Run until the source ends, somebody quits or a thread fails. For the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._quit)
        window = None if self._options.headless else self._open_window()
        commands = self._start()
        try:
            self._watch(window)
        finally:
            self._threads.stop()
            if window:
                window.close()
            self._grants.finish(drop_waiting=not self._capture.ended)
            self._lines.finish()
            if self._snapshots:
                self._snapshots.finish()
            self._threads.join(STOP_SECONDS)
            if commands:
                commands.join(COMMAND_SECONDS)

    def _open_window(self) -> Window:
        propose = self._link.propose if self._options.attended else None
        return Window(OpenCvGui(), self._options.full_screen, propose)

    def _quit(self, number: int, stack: FrameType | None) -> None:
        # Only a flag: a signal may arrive while this thread holds any lock.
        self._asked_to_quit = True

    def _start(self) -> threading.Thread | None:
        """Start the threads; returns the one that runs commands."""
        options = self._options
        commands = self._threads.start("grant", self._grants.run) if options.on_grant else None
        if options.headless:
            self._threads.start("output", self._lines.run)
        else:
            self._threads.consume("detection", self._local, self._local_detection.look)
        if self._snapshots:
            self._threads.start("snapshot", self._snapshots.run)
        self._threads.start("link", self._link.run)
        self._threads.start("capture", self._capture.run)
        return commands

    def _watch(self, window: Window | None) -> None:
        shown = NO_PICTURE
        deadline: float | None = None
        while not self._threads.stopping.is_set() and not self._asked_to_quit:
            if window is None:
                self._threads.stopping.wait(IDLE_SECONDS)
            else:
                frame = self._picture.take(REDRAW_SECONDS)
                shown = frame.image if frame else shown
                if not window.show(self._drawn(shown)):
                    return
            if self._capture.ended:
                deadline = deadline or time.monotonic() + LAST_ANSWER_SECONDS
                if self._link.settled >= self._capture.number or time.monotonic() > deadline:
                    return

    def _drawn(self, shown: Image) -> Image:
        lost = self._capture.lost
        # What is drawn now is seen until it is drawn anew: a grant must be gone by then.
        until = time.monotonic() + REDRAW_SECONDS
        screen = screen_at(until, self._link.status, self._local_detection.faces, lost, self._options.late)
        return draw(NO_PICTURE if lost else shown, screen, self._lettering, self._mirrored)

    def _publish(self, frame: CapturedFrame) -> None:
        """Called by the capture's thread."""
        self._link.offer(frame)
        if not self._options.headless:
            self._picture.put(frame)
            if is_late(self._link.status, frame.captured, self._options.late):
                self._local.put(frame)

    def on_answer(self, answer: Answer) -> None:
        decision = answer.result.decision
        if decision and self._options.on_grant:
            self._grants.offer(decision, answer.captured)
        if self._snapshots:
            self._snapshots.answered(answer)
        self._write({**answer.result.to_map(), "latency_ms": round(answer.latency_ms, 1)})

    def on_error(self, error: ErrorMessage) -> None:
        if not error.code.closes:
            say(f"the server says {error.code.value}: {error.message}")
        self._write(error.to_map())

    def on_link(self, status: LinkStatus) -> None:
        if status.state is LinkState.CONNECTED:
            say(f"connected to {self._link.where}")
        else:
            say(f"{self._link.where}: {status.state.value}: {status.reason}")
        self._write({"type": "link", "state": status.state.value, "reason": status.reason})

    def _write(self, values: dict[str, Any]) -> None:
        if self._options.headless:
            self._lines.write(values)


def _fonts(chosen: Path | None) -> Fonts:
    try:
        return Fonts(chosen)
    except OSError as error:
        raise FatalError(Exit.USAGE, f"--font {chosen} cannot be used as a font ({error})") from error


def run(options: Options) -> Exit:
    """Run a terminal. Raises FatalError when it cannot start."""
    cv2.setNumThreads(OPENCV_THREADS)
    if not options.headless and (problem := display_problem(os.environ)):
        raise FatalError(Exit.NO_DISPLAY, f"{problem}; use --headless to run without a window")
    if options.token and options.tls is None and options.host not in LOCAL_HOSTS:
        say(f"WARNING: without --tls the token can be read on the way to {options.host}")
    threads = Threads()
    Terminal(options, threads).run()
    return threads.code
