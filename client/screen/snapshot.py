"""The overlay picture of a decision, as a file."""

import os
from pathlib import Path

import cv2

from client.connection.status import Answer
from client.say import say
from client.screen.overlay import draw
from client.screen.screen import decided_screen


def write_snapshot(path: Path, answer: Answer) -> None:
    """Replace `path` by a PNG of what `answer` says about its frame. A reader never sees half a picture."""
    done, data = cv2.imencode(".png", draw(answer.sent.frame.image, decided_screen(answer)))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not done:
            raise OSError("OpenCV could not encode a PNG")
        unfinished.write_bytes(data.tobytes())
        unfinished.replace(path)
    except OSError as error:
        say(f"the snapshot could not be written: {error}")
        unfinished.unlink(missing_ok=True)
