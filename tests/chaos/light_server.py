"""A server whose workers tell people by how bright the picture is: `python -m tests.chaos.light_server ...`.

It is up in a fraction of the time, so that it can be killed more often, and its disk is slow, so that what is
told before it is written is lost then; all else is as it is.
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from server.access.seen import Analysis, Face, Hints, PhotoAccepted, PhotoOutcome
from server.audit.durable import DurableLog
from server.workers import main as worker
from server.workers.analyser import ModelSettings
from wire import Box

PROGRAM = ("-m", "tests.chaos.light_server")
SHADES = (230, 120, 20)
ENROLLED, STRANGER, NOBODY = range(3)
"""Whom a picture of that shade shows."""
LATE_SECONDS = 0.2
"""So much later than it could be a line is written: longer than a kill takes."""
_EMBEDDINGS = np.eye(128, dtype=np.float32)


def shade_of(picture: bytes) -> int:
    """Which of `SHADES` it has."""
    with Image.open(io.BytesIO(picture)) as opened:
        brightness = np.asarray(opened.convert("L").resize((1, 1))).item()
    return min(range(len(SHADES)), key=lambda at: abs(SHADES[at] - brightness))


def picture(shade: int, side: int = 64) -> bytes:
    """A JPEG."""
    data = io.BytesIO()
    Image.new("RGB", (side, side), (SHADES[shade],) * 3).save(data, "JPEG")
    return data.getvalue()


def enrol(home: Path) -> None:
    (home / "faces").mkdir(parents=True, exist_ok=True)
    (home / "faces" / "barack_obama.jpg").write_bytes(picture(ENROLLED, 400))


def load(settings: ModelSettings) -> list[worker.LogMessage]:
    return []


def analyse(jpeg: bytes, hints: Hints) -> Analysis:
    shade = shade_of(jpeg)
    faces = () if shade == NOBODY else (Face(Box(4, 44, 44, 4), _EMBEDDINGS[shade]),)
    return Analysis(64, 64, faces)


def analyse_photo(data: bytes) -> PhotoOutcome:
    seen = _EMBEDDINGS[shade_of(data)]
    return PhotoAccepted(seen, seen, face_pixels=300, sharpness=100.0)


def slow_disk() -> "mock._patch[Callable[[DurableLog, Sequence[str]], None]]":
    """While it holds, each line of a log comes late."""
    append = DurableLog.append

    def slowly(log: DurableLog, lines: Sequence[str]) -> None:
        time.sleep(LATE_SECONDS)
        append(log, lines)

    return mock.patch.object(DurableLog, "append", slowly)


def change_the_worker() -> None:
    """To be called in a worker, which looks its tasks up by their names."""
    worker.load, worker.analyse, worker.analyse_photo = load, analyse, analyse_photo


if __name__ == "__mp_main__":
    change_the_worker()

if __name__ == "__main__":
    from server import cli

    with slow_disk():
        sys.exit(cli.main())
