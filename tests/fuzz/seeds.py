"""What the search begins with: for each target some bytes that are as they should be, or nearly so."""

from datetime import datetime
from functools import lru_cache
from io import BytesIO

import msgpack
import numpy as np
from PIL import Image

from server.access.observed import ClosedDoor
from server.access.seen import Analysis, Face, Flaw, Landmarks, PictureError, Pose, Scan
from server.recording.entries import RecordedEntry
from server.recording.format import pack
from server.workers.answers import packed
from tests.fuzz.targets import WELCOME
from tests.support.photos import jpeg
from wire import (
    Box,
    DecisionNotice,
    ErrorCode,
    ErrorMessage,
    FaceReport,
    Frame,
    Hello,
    Message,
    Ping,
    Pong,
    Propose,
    Result,
    Timing,
    Verdict,
    encode,
)
from wire.framing import HEADER_BYTES

LOG = (
    b'2026-11-22T08:30:05.123+01:00 GRANTED front-door "Jane Doe" distance=0.631 runner_up=1.324'
    b" threshold=0.926 frames=9 liveness=live reason=recognised latency_ms=61 id=6032ce86956cf640"
    b" seal=1842-9c01f6e27d35b8a4"
)
ACT = b'2026-11-22T08:30:05.123+01:00 account_made "jane" by="command line" role=guard'
SETTINGS = b"""host = "0.0.0.0"
port = 5000
max_false_accept = 0.001
record = true
[tokens]
door = "0123456789abcdef0123456789abcdef"
"""
PEOPLE = b"""confirmed = [["Jane Doe", "June Doe"]]
[people."Jane Doe"]
valid_until = 2026-12-31
schedule = ["Mo-Fr 08:00-18:00"]
terminals = ["door"]
[terminals.door]
policy = "all"
note = "Hello"
"""


@lru_cache
def seeds() -> dict[str, tuple[bytes, ...]]:
    """By the targets' names."""
    told: list[Message] = [Hello("door", "a token"), Frame(1, b"\xff\xd8"), Ping(1, 1.5), Propose(1)]
    answered: list[Message] = [_result(), Pong(1), ErrorMessage(ErrorCode.BAD_FRAME, "no JPEG", 1)]
    spoken = b"".join(map(encode, told))
    heard = WELCOME + b"".join(map(encode, answered))
    pictures = _pictures()
    return {
        "from_terminals": (b"\x40" + spoken, b"\x01" + spoken[:40]),
        "one_from_a_terminal": tuple(encode(each)[HEADER_BYTES:] for each in told),
        "from_servers": (b"\x40" + heard, b"\x01" + heard[:40]),
        "one_from_a_server": tuple(encode(each)[HEADER_BYTES:] for each in answered),
        "session": (
            b"\xff" + encode(Hello("door", "a token of the front door")) + spoken[40:],
            b"\x40" + spoken,
        ),
        "frame": pictures[:2],
        "photo": pictures,
        "segments": pictures[:2],
        "settings": (SETTINGS, b"tokens = 1", b'liveness = "challenge"'),
        "people": (PEOPLE,),
        "log_line": (LOG, ACT),
        "seals": (LOG, LOG + b"\n" + LOG),
        "answer": _answers(),
        "recording": _records(),
    }


def _result() -> Result:
    face = FaceReport(Box(1, 2, 3, 4), "Jane Doe", 0.5, Verdict.GRANTED)
    notice = DecisionNotice("6032ce86956cf640", Verdict.GRANTED, ("Jane Doe",), "recognised", None, None)
    return Result(1, Verdict.GRANTED, (face,), notice, Timing(1.0, 2.0))


def _answers() -> tuple[bytes, ...]:
    marks = Landmarks(np.ones((68, 2), np.float32), Pose(1.0, 2.0, 3.0))
    face = Face(Box(1, 2, 3, 4), np.ones(128, np.float32), flaw=Flaw.TOO_DARK, landmarks=marks)
    analysis = Analysis(640, 480, (face,), Scan.CHANGED, b"scene")
    return packed((analysis, None)), packed((None, PictureError("no JPEG"))), packed((b"thumbnail", None))


def _records() -> tuple[bytes, ...]:
    closed = RecordedEntry(7, ClosedDoor(datetime(2026, 11, 22).astimezone(), (), ()), False)
    header = {"format": "doorward-recording", "version": 2, "run": "r", "session": "s", "terminal": "door"}
    return pack(closed)[HEADER_BYTES:], msgpack.packb({**header, "first": 0, "moment": "2026", "rules": {}})


def _pictures() -> tuple[bytes, ...]:
    scene = Image.effect_mandelbrot((40, 30), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    kinds: list[dict[str, object]] = [{"format": kind} for kind in ("JPEG", "PNG", "WEBP")]
    kinds.insert(1, {"format": "JPEG", "progressive": True})
    return (*(_saved(scene, **kind) for kind in kinds), jpeg("obama")[:2000])


def _saved(picture: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()
