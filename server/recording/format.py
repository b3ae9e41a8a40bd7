"""Recordings as bytes: MessagePack records behind their lengths; docs/replay.md is the reference. Pure."""

import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from server.access.decision import Decision
from server.access.liveness.proof import Aliveness
from server.access.matching.model import EMBEDDING_SIZE, Embedding
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Flaw, Landmarks
from server.access.visit import VisitSummary
from server.recording.entries import RecordedEnd, RecordedEntry, RecordedFrame, RecordingHeader
from wire import Box, Verdict
from wire.framing import framed
from wire.reasons import Reason

FORMAT = "doorward-recording"
VERSION = 1
MAX_RECORD_BYTES = 1 << 25
"""Longest record: the largest JPEG that the settings allow, twice."""


class FormatError(Exception):
    """The bytes are not a record of this format. The message tells an administrator why."""


def rules_as_text(rules: Rules) -> dict[str, str]:
    """Rule -> its value, for showing and comparing."""
    values = asdict(rules).items()
    return {key: value.value if isinstance(value, Enum) else str(value) for key, value in values}


def pack_header(header: RecordingHeader) -> bytes:
    fields = {"format": FORMAT, "version": VERSION, **vars(header), "moment": _time(header.moment)}
    return _framed(fields)


def pack(entry: RecordedEntry) -> bytes:
    what = entry.what
    fields = _of_sight(what) if isinstance(what, RecordedFrame) else _of_parting(what)
    return _framed({"number": entry.number, **({"cut": True} if entry.cut else {}), **fields})


def unpack_header(record: bytes) -> RecordingHeader:
    """From a record without its length. Raises FormatError."""
    fields = _fields(record)
    if fields.get("format") != FORMAT:
        raise FormatError("not a recording")
    if fields.get("version") != VERSION:
        raise FormatError(f"a recording of version {fields.get('version')!r}; this server reads {VERSION}")
    try:
        rules = {str(key): str(value) for key, value in fields["rules"].items()}
        run, session, terminal = (_text(fields[key]) for key in ("run", "session", "terminal"))
        return RecordingHeader(
            run, session, terminal, _whole(fields["first"]), _moment(fields["moment"]), rules
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"a damaged header: {error!r}") from None


def unpack(record: bytes) -> RecordedEntry:
    """From a record without its length. Raises FormatError."""
    fields = _fields(record)
    try:
        what = _sight(fields) if "at" in fields else _parting(fields)
        return RecordedEntry(_whole(fields["number"]), what, bool(fields.get("cut")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"a damaged record: {error!r}") from None


def _framed(fields: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(fields)
    return framed(packed)


def _fields(record: bytes) -> dict[str, Any]:
    try:
        fields = msgpack.unpackb(record)
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise FormatError(f"a damaged record: {error}") from None
    if not isinstance(fields, dict):
        raise FormatError("a damaged record: not a map")
    return fields


def _of_sight(sight: RecordedFrame) -> dict[str, Any]:
    analysis = sight.analysis
    return {
        "at": sight.at,
        "moment": _time(sight.moment),
        "size": [analysis.width, analysis.height],
        "faces": [_of_face(face) for face in analysis.faces],
        "followed": [list(box) for box in sight.followed],
        "enrolled": list(sight.enrolled),
        "drawn": list(sight.drawn),
        "decision": sight.decision and _of_decision(sight.decision),
        "retracted": sight.retracted,
        "ended": [_of_account(account) for account in sight.ended],
        "jpeg": sight.jpeg,
    }


def _sight(fields: dict[str, Any]) -> RecordedFrame:
    width, height = fields["size"]
    people, photos = fields["enrolled"]
    if not all(isinstance(draw, int | float) for draw in fields["drawn"]):
        raise ValueError("drawn")
    return RecordedFrame(
        _number(fields["at"]),
        _moment(fields["moment"]),
        Analysis(_whole(width), _whole(height), tuple(_face(face) for face in fields["faces"])),
        tuple(_box(box) for box in fields["followed"]),
        (_whole(people), _whole(photos)),
        tuple(fields["drawn"]),
        None if fields["decision"] is None else _decision(fields["decision"]),
        bool(fields["retracted"]),
        tuple(_account(account) for account in fields["ended"]),
        fields["jpeg"],
    )


def _of_parting(parting: RecordedEnd) -> dict[str, Any]:
    return {
        "moment": _time(parting.moment),
        "decisions": [_of_decision(decision) for decision in parting.decisions],
        "ended": [_of_account(account) for account in parting.ended],
    }


def _parting(fields: dict[str, Any]) -> RecordedEnd:
    return RecordedEnd(
        _moment(fields["moment"]),
        tuple(_decision(decision) for decision in fields["decisions"]),
        tuple(_account(account) for account in fields["ended"]),
    )


def _of_face(face: Face) -> dict[str, Any]:
    return {
        "box": list(face.box),
        "embedding": _of_floats(face.embedding),
        "followed": face.followed,
        "patch": face.patch,
        "quality": float(face.quality),
        "detected": face.detected,
        "mirrored": _of_floats(face.mirrored),
        "flaw": face.flaw and face.flaw.value,
        "landmarks": face.landmarks and _of_landmarks(face.landmarks),
    }


def _face(fields: dict[str, Any]) -> Face:
    followed, landmarks = fields["followed"], fields["landmarks"]
    return Face(
        _box(fields["box"]),
        _embedding(fields["embedding"]),
        None if followed is None else _whole(followed),
        _bytes(fields["patch"]),
        _quality(fields["quality"]),
        bool(fields["detected"]),
        _embedding(fields["mirrored"]),
        None if fields["flaw"] is None else Flaw(fields["flaw"]),
        None if landmarks is None else _landmarks(landmarks),
    )


def _of_landmarks(landmarks: Landmarks) -> dict[str, Any]:
    pose = [float(landmarks.yaw), float(landmarks.pitch), float(landmarks.roll)]
    antispoof = None if landmarks.antispoof is None else float(landmarks.antispoof)
    return {"points": _of_floats(landmarks.points), "pose": pose, "antispoof": antispoof}


def _landmarks(fields: dict[str, Any]) -> Landmarks:
    yaw, pitch, roll = (_number(angle) for angle in fields["pose"])
    antispoof = fields["antispoof"]
    points = _floats(fields["points"], 136).reshape(68, 2)
    return Landmarks(points, yaw, pitch, roll, None if antispoof is None else _number(antispoof))


def _of_decision(decision: Decision) -> dict[str, Any]:
    fields = dict(vars(decision))
    return {key: value.value if isinstance(value, Enum) else value for key, value in fields.items()}


def _decision(fields: dict[str, Any]) -> Decision:
    told = {"verdict": Verdict(fields["verdict"]), "reason": Reason(fields["reason"])}
    decision = Decision(**{**fields, **told, "liveness": Aliveness(fields["liveness"])})
    _text(decision.id)
    _number(decision.threshold)
    _check(_text, decision.name, decision.note)
    _check(_number, decision.distance, decision.runner_up)
    return decision


def _of_account(account: VisitSummary) -> dict[str, Any]:
    fields = {**vars(account), "decision": account.decision and _of_decision(account.decision)}
    return {**fields, "liveness": account.liveness.value}


def _account(fields: dict[str, Any]) -> VisitSummary:
    decision = None if fields["decision"] is None else _decision(fields["decision"])
    account = VisitSummary(**{**fields, "decision": decision, "liveness": Aliveness(fields["liveness"])})
    _check(_text, account.candidate)
    _check(_number, account.distance, account.runner_up)
    _whole(account.looks)
    _number(account.seconds)
    return account


def _of_floats(values: NDArray[np.float32] | None) -> bytes | None:
    return None if values is None else values.astype("<f4").tobytes()


def _floats(data: bytes, count: int) -> NDArray[np.float32]:
    values = np.frombuffer(data, "<f4").astype(np.float32)
    if len(values) != count or not np.isfinite(values).all():
        raise ValueError(f"not {count} numbers")
    return values


def _embedding(data: bytes | None) -> Embedding | None:
    if data is None:
        return None
    values = _floats(data, EMBEDDING_SIZE)
    if not values.any():
        raise ValueError("an embedding has no direction")
    return values


def _box(values: Any) -> Box:
    top, right, bottom, left = (_whole(value) for value in values)
    return Box(top, right, bottom, left)


def _time(moment: datetime) -> str:
    """With the offset, for whoever reads the file; `_moment` gives back the wall clock alone."""
    return moment.astimezone().isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _quality(value: Any) -> float:
    if _number(value) < 0:
        raise ValueError("a quality below 0")
    return float(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"{value!r} is not bytes")
    return value


def _check(reader: Callable[[Any], object], *values: object) -> None:
    """Raises TypeError for a value, other than None, that `reader` does not take."""
    for value in values:
        if value is not None:
            reader(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
