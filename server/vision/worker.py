"""What a worker process runs: `start` once, then the other functions, each stateless."""

import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from typing import TypeVar

from server.vision.analysis import Analysis, Hints, PhotoOutcome
from server.vision.models import Models, load_models

T = TypeVar("T")

_models: Models | None = None
_begun: ctypes.c_uint64


def start(begun: ctypes.c_uint64) -> None:
    """Prepare the process: leave the signals that stop a service to the parent, and end when it does.

    `begun`, shared with the parent, holds the number of the last task begun.
    """
    global _begun
    _begun = begun
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def load() -> int:
    """Load the models; returns the process id. Raises RuntimeError with what to install."""
    global _models
    try:
        import cv2
    except ImportError as error:
        hint = "on Debian or Ubuntu: sudo apt install libgl1 libglib2.0-0"
        raise RuntimeError(f"OpenCV cannot be imported ({error}); {hint}") from error

    cv2.setNumThreads(1)
    _models = load_models()
    return os.getpid()


def begin(number: int, task: Callable[[], T]) -> T:
    """Run `task`, after noting that the worker came to it: should it die now, the task is suspect."""
    _begun.value = number
    return task()


def _loaded() -> Models:
    if _models is None:
        raise RuntimeError("load() has not run in this worker")
    return _models


def analyse(jpeg: bytes, hints: Hints) -> Analysis:
    """Find the faces of one frame and embed those that need it. Raises PictureError, PictureTooLargeError."""
    from server.vision.frame import analyse_frame

    return analyse_frame(_loaded(), jpeg, hints)


def analyse_photo(data: bytes) -> PhotoOutcome:
    """Judge and embed one enrolment photo."""
    from server.vision.photo import judge_photo

    return judge_photo(_loaded(), data)
