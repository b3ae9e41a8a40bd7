"""What a worker process runs: `serve`, which does one task after the other, each stateless.

The parent imports this module to name the tasks. The models, and all that needs them, are imported when they
are loaded, so the parent never has them in memory.
"""

import contextlib
import ctypes
import logging
import multiprocessing
import os
import pickle
import signal
import socket
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from server.access.seen import Analysis, Hints, PhotoOutcome, PreparedPhoto, Still
from server.support import osdep
from server.support.framing import read_framed
from server.workers.analyser import ModelSettings
from server.workers.answers import Answers
from server.workers.confinement import ConfinementError, confine
from wire import Box
from wire.framing import MAX_LENGTH, framed

if TYPE_CHECKING:
    from server.vision.models import Models

T = TypeVar("T")
LogMessage: TypeAlias = tuple[int, str]
"""A level of `logging`, and a message."""

_NUMBER = struct.Struct(">Q")
_models: "Models | None" = None


def order(number: int, task: Callable[[], object]) -> bytes:
    """What a worker is sent: a number, and a pickle, behind their length. It trusts its parent; the other way
    round it is `server.workers.answers`."""
    return framed(_NUMBER.pack(number) + pickle.dumps(task, pickle.HIGHEST_PROTOCOL))


def serve(parent: socket.socket, begun: ctypes.c_uint64, answers: Answers) -> None:
    """Do what comes through the socket, an `order` each, and send back what came of it, as `answers` has it.

    `begun`, shared with the parent, holds the number of the last task begun: should the process die now,
    that task is suspect. The signals that stop a service are left to the parent; the process ends with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    osdep.step_back()
    messages = parent.makefile("rb")
    with contextlib.suppress(OSError):  # the parent has hung up
        while (message := read_framed(messages, MAX_LENGTH)) is not None:
            (begun.value,) = _NUMBER.unpack_from(message)
            parent.sendall(framed(_outcome(message[_NUMBER.size :], answers)))


def _outcome(task: bytes, answers: Answers) -> bytes:
    try:
        return answers.pack((pickle.loads(task)(), None))  # noqa: S301 - from our parent
    except Exception as error:
        return answers.pack((None, error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Collector(logging.Handler):
    """Keeps what is logged here, for the parent, which knows where logs go."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[LogMessage] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append((record.levelno, self.format(record)))


def load(settings: ModelSettings) -> list[LogMessage]:
    """Load the models; returns what is to be logged about it. Raises RuntimeError with what to install,
    AntispoofError."""
    global _models
    collector, logger = _Collector(), logging.getLogger("server")
    logger.setLevel(logging.INFO)
    logger.addHandler(collector)
    try:
        import cv2
    except ImportError as error:
        hint = "on Debian or Ubuntu: sudo apt install libgl1 libglib2.0-0"
        raise RuntimeError(f"OpenCV cannot be imported ({error}); {hint}") from error

    cv2.setNumThreads(1)
    from server.vision.models import load_models

    _models = load_models(
        settings.cache,
        weights=settings.weights,
        recogniser=settings.recogniser,
        liveness=settings.liveness,
        landmarks=settings.landmarks,
        antispoof=settings.antispoof,
    )
    logger.removeHandler(collector)
    return collector.messages


def start(settings: ModelSettings) -> list[LogMessage]:
    """As `load`; then this process gives up what it does not need, for ever."""
    messages = load(settings)
    _import_all()
    try:
        confine()
    except ConfinementError as error:
        unconfined = (
            f"WORKERS ARE NOT CONFINED: {error}; what takes one over by a picture has the server's rights"
        )
        return [*messages, (logging.WARNING, unconfined)]
    return messages


def _import_all() -> None:
    """What tasks need that nobody has imported yet: afterwards no file can be read."""
    import time

    from PIL import Image

    import server.vision.embedders.converted
    import server.vision.embedders.sface
    import server.vision.frame
    import server.vision.photo
    import server.vision.preparing
    import server.vision.still
    import server.vision.thumbnails  # noqa: F401

    with contextlib.suppress(ImportError):
        import pillow_heif  # noqa: F401

    Image.init()
    time.localtime()


def _loaded() -> "Models":
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


def prepare_photo(data: bytes, face: Box | None = None) -> PreparedPhoto:
    """Make an uploaded photo fit for the gallery, and judge it. `face`: only this one and what is around it.
    Raises PictureError, PictureTooLargeError."""
    from server.vision.preparing import prepare_photo

    return prepare_photo(_loaded(), data, face)


def thumbnail(data: bytes, side: int) -> bytes:
    """A JPEG of `side` x `side` pixels of the face on a photo. Raises PictureError, PictureTooLargeError."""
    from server.vision.thumbnails import thumbnail

    return thumbnail(_loaded(), data, side)


def embedded_by() -> str:
    """The library that runs the network which tells who a face is."""
    from server.vision.embedders.converted import OnnxNetwork
    from server.vision.embedders.sface import OpenCvEmbedder

    network = _loaded().recognition.embedder
    if isinstance(network, OnnxNetwork):
        return "onnxruntime"
    return "OpenCV" if isinstance(network, OpenCvEmbedder) else "dlib"


def beside(task: Callable[[], T]) -> T:
    """Do one of these tasks so that frames, and all else of this machine, go first."""
    return osdep.step_back_for(task)


def analyse_still(data: bytes, *, mirrored: bool, landmarks: bool, preview: bool) -> Still:
    """Find the faces of a still picture and embed them. Raises PictureError, PictureTooLargeError."""
    from server.vision.still import look_at

    return look_at(_loaded(), data, mirrored=mirrored, landmarks=landmarks, preview=preview)
