"""The picture of each decision, as a file."""

import contextlib
import os
import queue
import re
import threading
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from client.connection.recent_answers import RecentAnswers
from client.connection.status import Answer
from client.say import say
from client.screen.lettering import Lettering
from client.screen.overlay import draw
from client.screen.screen import decided_screen
from client.threads import IDLE_SECONDS
from wire import DecisionNotice

QUEUE_LENGTH = 16
ID_CHARS = 64
"""Longest part of a file's name that a server chooses."""


class Decided(NamedTuple):
    """A decision, the answer to the frame that shows whom it is about, and when it was told."""

    decision: DecisionNotice
    answer: Answer
    told: datetime


class Snapshots:
    """Owns what is written to `path`: a file that each decision replaces, or a folder that gets one for each.

    `answered` never blocks.
    """

    def __init__(self, path: Path, lettering: Lettering) -> None:
        self._path = path
        self._lettering = lettering
        self._recent = RecentAnswers()
        self._queue: queue.Queue[Decided] = queue.Queue(QUEUE_LENGTH)
        self._finishing = threading.Event()

    def answered(self, answer: Answer) -> None:
        """Remember `answer`, and write the picture of its decision, if it has one. For one thread."""
        self._recent.add(answer)
        decision = answer.result.decision
        if decision is None:
            return
        about = answer if decision.seq in (None, answer.sent.number) else self._recent.to_frame(decision.seq)
        if about is None:
            say(f"no picture of decision {decision.id}: frame {decision.seq} is not at hand any more")
            return
        try:
            self._queue.put_nowait(Decided(decision, about, datetime.now()))
        except queue.Full:
            say(f"no picture of decision {decision.id}: {QUEUE_LENGTH} wait to be written")

    def run(self) -> None:
        """Write pictures until `finish`."""
        while not (self._finishing.is_set() and self._queue.empty()):
            with contextlib.suppress(queue.Empty):
                self._write(self._queue.get(timeout=IDLE_SECONDS))

    def finish(self) -> None:
        """Let `run` end when the pictures so far are written."""
        self._finishing.set()

    def _write(self, decided: Decided) -> None:
        path = self._path / file_name(decided) if self._path.is_dir() else self._path
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            unfinished.touch(mode=0o600)  # it shows a visitor
            unfinished.write_bytes(png(decided, self._lettering))
            unfinished.replace(path)  # a reader never sees half a picture
        except OSError as error:
            say(f"the snapshot could not be written: {error}")
            unfinished.unlink(missing_ok=True)


def file_name(decided: Decided) -> str:
    """The time, and the decision's id, of which only characters remain that no file system takes for more."""
    safe_id = re.sub(r"[^A-Za-z0-9_-]", "_", decided.decision.id[:ID_CHARS])
    return f"{decided.told:%Y-%m-%dT%H-%M-%S}_{safe_id}.png"


def png(decided: Decided, lettering: Lettering) -> bytes:
    """The frame as it was sent, not mirrored, with what was decided. Raises OSError: it cannot be encoded."""
    jpeg = decided.answer.sent.picture.jpeg
    frame = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
    screen = decided_screen(decided.decision, decided.answer)
    done, data = cv2.imencode(".png", draw(frame, screen, lettering))
    if not done:
        raise OSError("OpenCV could not encode a PNG")
    return data.tobytes()
