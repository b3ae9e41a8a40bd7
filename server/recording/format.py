"""Recordings as bytes: MessagePack records behind their lengths; docs/replay.md is the reference. Pure."""

import math
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.access.decision import Decision
from server.access.dice import Draw
from server.access.liveness.proof import Aliveness
from server.access.matching.recogniser import EMBEDDING_SIZE
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.outcome import VisitSummary
from server.access.rules import Rules
from server.access.seen import TEXTURE_SIDE, Analysis, Face, Landmarks
from server.recording.entries import RecordedEntry, RecordingHeader
from wire import Box, Verdict
from wire.framing import framed
from wire.reasons import Reason

FORMAT = "doorward-recording"
VERSION = 2
"""Version 1 knew no texture of a face: what proved life then cannot be proven from it again."""
ENCRYPTED = 3
"""Version of a file that is encrypted: behind a record that says so it has those of `VERSION`."""
MAX_RECORD_BYTES = 1 << 25
"""Longest record: the largest JPEG that the settings allow, twice."""
_SHAPES = {4 * EMBEDDING_SIZE: (EMBEDDING_SIZE,), 4 * 68 * 2: (68, 2)}
"""Bytes of float32 numbers -> what shape they have: an embedding, or the points of a face."""


class FormatError(Exception):
    """The bytes are not a record of this format. The message tells an administrator why."""


class _Header(msgspec.Struct, kw_only=True):
    format: str = FORMAT
    version: int = VERSION
    run: str
    session: str
    terminal: str
    first: int
    moment: str
    rules: dict[str, str]


class _Encrypted(msgspec.Struct, kw_only=True):
    """Stands before the header of a file that is encrypted. `salt`: of the file's own key."""

    format: str = FORMAT
    version: int = ENCRYPTED
    salt: bytes


class _Decision(msgspec.Struct, kw_only=True):
    """A decision, without who came nearest: deciding again tells that."""

    id: str
    verdict: Verdict
    name: str | None
    reason: Reason
    distance: float | None
    runner_up: float | None
    threshold: float
    looks: int
    liveness: Aliveness
    accompanied: bool
    note: str | None


class _Ended(msgspec.Struct, kw_only=True):
    """A visit's summary."""

    decision: _Decision | None
    candidate: str | None
    distance: float | None
    runner_up: float | None
    people: int
    photos: int
    looks: int
    seconds: float
    liveness: Aliveness
    recogniser: str


class _Frame(msgspec.Struct, kw_only=True, omit_defaults=True):
    number: int
    cut: bool = False
    at: float
    moment: str
    size: tuple[int, int]
    faces: tuple[Face, ...]
    followed: tuple[Box, ...]
    enrolled: tuple[int, int]
    drawn: tuple[Draw, ...]
    decision: _Decision | None
    retracted: bool
    ended: tuple[_Ended, ...]
    jpeg: bytes | None


class _Closed(msgspec.Struct, kw_only=True, omit_defaults=True):
    number: int
    cut: bool = False
    moment: str
    decisions: tuple[_Decision, ...]
    ended: tuple[_Ended, ...]


class _Kind(msgspec.Struct):
    """The fields that tell what kind of record it is."""

    format: Any = None
    version: Any = None
    at: Any = None


class _Numbered(msgspec.Struct):
    number: int


_Record = TypeVar("_Record", bound=msgspec.Struct)


def rules_as_text(rules: Rules) -> dict[str, str]:
    """Rule -> its value, for showing and comparing."""
    values = vars(rules).items()
    return {key: value.value if isinstance(value, Enum) else str(value) for key, value in values}


def pack_encrypted_mark(salt: bytes) -> bytes:
    """The record with its length that stands before all others, which are encrypted."""
    return _framed(_Encrypted(salt=salt))


def salt_of(record: bytes) -> bytes | None:
    """That of the file whose first record this is, without its length; None: it is not encrypted. Raises
    FormatError."""
    kind = _decoded(record, _Kind)
    if (kind.format, kind.version) != (FORMAT, ENCRYPTED):
        return None
    return _decoded(record, _Encrypted).salt


def pack_header(header: RecordingHeader) -> bytes:
    """The record with its length."""
    return _framed(_Header(**{**vars(header), "moment": _with_offset(header.moment)}))


def pack(entry: RecordedEntry) -> bytes:
    """The record with its length."""
    what = entry.what
    values = {**vars(what), "number": entry.number, "cut": entry.cut, "moment": _with_offset(what.moment)}
    values["ended"] = tuple(_ended(each) for each in what.ended)
    if isinstance(what, ClosedDoor):
        values["decisions"] = tuple(_decision(each) for each in what.decisions)
        return _framed(_Closed(**values))
    values["decision"] = what.decision and _decision(what.decision)
    seen: Analysis = values.pop("analysis")
    return _framed(_Frame(**values, size=(seen.width, seen.height), faces=seen.faces))


def unpack_header(record: bytes) -> RecordingHeader:
    """From a record without its length. Raises FormatError."""
    kind = _decoded(record, _Kind)
    if kind.format != FORMAT:
        raise FormatError("not a recording")
    if type(kind.version) is not int or kind.version != VERSION:
        raise FormatError(f"a recording of version {kind.version!r}; this server reads {VERSION}")
    values = _fields(record, _Header)
    del values["format"], values["version"]
    return RecordingHeader(**values)


def number_of(record: bytes) -> int:
    """Of a frame, or of a session's end, without its length. Raises FormatError."""
    return _decoded(record, _Numbered).number


def unpack(record: bytes) -> RecordedEntry:
    """From a record without its length. Raises FormatError."""
    is_frame = _decoded(record, _Kind).at is not None
    values = _fields(record, _Frame if is_frame else _Closed)
    number, cut = values.pop("number"), values.pop("cut")
    if not is_frame:
        return RecordedEntry(number, ClosedDoor(**values), cut)
    width, height = values.pop("size")
    analysis = Analysis(width, height, values.pop("faces"))
    return RecordedEntry(number, ObservedFrame(**values, analysis=analysis), cut)


def _decision(decision: Decision) -> _Decision:
    return _Decision(**{name: getattr(decision, name) for name in _Decision.__struct_fields__})


def _ended(summary: VisitSummary) -> _Ended:
    return _Ended(**{**vars(summary), "decision": summary.decision and _decision(summary.decision)})


def _framed(record: msgspec.Struct) -> bytes:
    return framed(_ENCODER.encode(record))


def _fields(record: bytes, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields of that kind of record, and nothing else: it would be written in the very same bytes. Raises
    FormatError."""
    found = _decoded(record, kind)
    if _ENCODER.encode(found) != record:
        raise FormatError("a damaged record: a field is missing, unknown or in another form")
    values = {name: _told(value) for name, value in msgspec.structs.asdict(found).items()}
    try:
        values["moment"] = datetime.fromisoformat(values["moment"]).replace(tzinfo=None)
        _check(tuple(values.values()))
        for face in values.get("faces", ()):
            _check_face(face)
    except ValueError as error:
        raise FormatError(f"a damaged record: {error}") from None
    return values


def _told(value: Any) -> Any:
    """With decisions and summaries as the rest of the server knows them."""
    if isinstance(value, tuple) and any(isinstance(each, _Decision | _Ended) for each in value):
        return tuple(_told(each) for each in value)
    if isinstance(value, _Decision):
        return Decision(**msgspec.structs.asdict(value))
    if isinstance(value, _Ended):
        return VisitSummary(**{**msgspec.structs.asdict(value), "decision": _told(value.decision)})
    return value


def _decoded(record: bytes, kind: type[_Record]) -> _Record:
    """What is there of that kind of record. Raises FormatError."""
    try:
        return msgspec.msgpack.decode(record, type=kind, dec_hook=_array)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(f"a damaged record: {error}") from None


def _check_face(face: Face) -> None:
    """Raises ValueError: nothing can be decided by it."""
    for embedding in (face.embedding, face.mirrored):
        if embedding is not None and (embedding.shape != (EMBEDDING_SIZE,) or not embedding.any()):
            raise ValueError("an embedding is none, or has no direction")
    if face.landmarks is not None:
        _check_landmarks(face.landmarks)
    if face.quality < 0:
        raise ValueError("a quality is below 0")


def _check_landmarks(landmarks: Landmarks) -> None:
    if landmarks.points.shape != (68, 2):
        raise ValueError("landmarks are not 68 points")
    if len(landmarks.texture) not in (0, TEXTURE_SIDE**2):
        raise ValueError("a texture is not 64 x 64 cells")


def _check(value: object) -> None:
    """Raises ValueError unless all of it is there, and all fractions but those in arrays are finite."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    if isinstance(value, tuple):
        for each in value:
            _check(each)
    elif is_dataclass(value):
        own = vars(value)
        if len(own) != len(fields(value)):  # the decoder leaves out what has a default
            raise ValueError("a field is missing")
        for each in own.values():
            _check(each)


def _plain(value: object) -> object:
    """What MessagePack has no word for, for the encoder."""
    if isinstance(value, np.ndarray):
        return value.astype("<f4").tobytes()
    if isinstance(value, np.floating):
        return float(value)
    raise TypeError(f"{value!r} cannot be recorded")


def _array(kind: object, data: object) -> NDArray[np.float32]:
    """For the decoder: float32[128] or float32[68, 2]. Raises TypeError, ValueError."""
    if not isinstance(data, bytes) or len(data) not in _SHAPES:
        raise ValueError("neither an embedding nor landmarks")
    values = np.frombuffer(data, "<f4").astype(np.float32).reshape(_SHAPES[len(data)])
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values


def _with_offset(moment: datetime) -> str:
    """For whoever reads the file; the wall clock alone is read back."""
    return moment.astimezone().isoformat(timespec="microseconds")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
