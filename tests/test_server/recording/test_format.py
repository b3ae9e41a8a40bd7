"""The format of recordings: exact there and back, and whatever else comes is refused with a reason."""

from dataclasses import is_dataclass, replace
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.decision import Decision, Nearest
from server.access.liveness.proof import Aliveness
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.outcome import VisitSummary
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Flaw
from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.format import (
    VERSION,
    FormatError,
    pack,
    pack_header,
    rules_as_text,
    unpack,
    unpack_header,
)
from tests.support.embeddings import box, look, stranger
from tests.support.recorded import START, landmarks
from wire import Box, Verdict
from wire.framing import HEADER
from wire.reasons import Reason

HEAD = RecordingHeader(
    run="run",
    session="session",
    terminal="front door \u202e",
    first=7,
    moment=START,
    rules=rules_as_text(Rules()),
)
DECISION = Decision(
    id="id",
    verdict=Verdict.GRANTED,
    name="Ada \N{GRINNING FACE}",
    reason=Reason.RECOGNISED,
    distance=0.1,
    runner_up=None,
    threshold=0.3,
    looks=4,
    liveness=Aliveness.LIVE,
    accompanied=True,
    note="note",
)
SUMMARY = VisitSummary(
    decision=DECISION,
    candidate="Ada",
    distance=0.1,
    runner_up=0.9,
    people=3,
    photos=2,
    looks=5,
    seconds=1.5,
    liveness=Aliveness.CHALLENGE,
    recogniser="sface",
)
FULL = ObservedFrame(
    0.1 + 0.2,
    START.replace(microsecond=123456),
    Analysis(
        640,
        480,
        (
            Face(box(), look(0, 0.2), 1, b"patch", 0.7, True, stranger(0), None, landmarks(1)),
            Face(
                box(300),
                None,
                None,
                b"",
                0.0,
                False,
                None,
                Flaw.TOO_DARK,
                replace(landmarks(2), antispoof=0.5),
            ),
        ),
    ),
    (box(5), box(7)),
    (3, 5),
    (3, 0.25),
    DECISION,
    True,
    (SUMMARY, replace(SUMMARY, decision=None, candidate=None, distance=None)),
    b"\xff\xd8",
)


def body(framed: bytes) -> bytes:
    """A record without its length, which is checked."""
    assert HEADER.unpack(framed[: HEADER.size]) == (len(framed) - HEADER.size,)
    return framed[HEADER.size :]


def plain(value: Any) -> Any:
    """Comparable with ==, arrays and all."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, tuple):
        return type(value).__name__, *(plain(each) for each in value)
    return {key: plain(each) for key, each in vars(value).items()} if is_dataclass(value) else value


def fields(entry: RecordedEntry) -> dict[str, Any]:
    found = msgpack.unpackb(body(pack(entry)))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "entry",
    [
        RecordedEntry(0, FULL),
        RecordedEntry(2**40, replace(FULL, decision=None, retracted=False, ended=(), jpeg=None), cut=True),
        RecordedEntry(3, ClosedDoor(START, (DECISION,), (SUMMARY,))),
        RecordedEntry(4, ClosedDoor(START, (), ()), cut=True),
    ],
)
def test_a_record_comes_back_as_it_was(entry: RecordedEntry) -> None:
    assert plain(unpack(body(pack(entry)))) == plain(entry)


def test_who_came_nearest_is_left_to_deciding_again() -> None:
    telling = replace(DECISION, nearest=(Nearest("Ada", 0.1), Nearest("Bob", 0.9)))
    ended = (replace(SUMMARY, decision=telling),)
    for plainly, telling_entry in (
        (FULL, replace(FULL, decision=telling, ended=(*ended, *FULL.ended[1:]))),
        (ClosedDoor(START, (DECISION,), (SUMMARY,)), ClosedDoor(START, (telling,), ended)),
    ):
        assert pack(RecordedEntry(1, telling_entry)) == pack(RecordedEntry(1, plainly))


TOLD = {
    "id": "id",
    "verdict": "granted",
    "name": "Ada \N{GRINNING FACE}",
    "reason": "recognised",
    "distance": 0.1,
    "runner_up": None,
    "threshold": 0.3,
    "looks": 4,
    "liveness": "live",
    "accompanied": True,
    "note": "note",
}
OVER = {
    "decision": TOLD,
    "candidate": "Ada",
    "distance": 0.1,
    "runner_up": 0.9,
    "people": 3,
    "photos": 2,
    "looks": 5,
    "seconds": 1.5,
    "liveness": "challenge",
    "recogniser": "sface",
}


def test_the_bytes_are_those_of_version_2() -> None:
    face = Face(
        Box(1, 2, 3, 4),
        look(0, 0.2),
        1,
        b"p",
        0.7,
        True,
        None,
        Flaw.TOO_DARK,
        replace(landmarks(1), antispoof=0.5),
    )
    assert face.embedding is not None and face.landmarks is not None
    frame = replace(FULL, analysis=Analysis(640, 480, (face,)), followed=(Box(5, 6, 7, 8),), ended=(SUMMARY,))
    moment = frame.moment.astimezone().isoformat(timespec="microseconds")
    fields = {
        "number": 300,
        "cut": True,
        "at": 0.1 + 0.2,
        "moment": moment,
        "size": [640, 480],
        "faces": [
            {
                "box": [1, 2, 3, 4],
                "embedding": face.embedding.astype("<f4").tobytes(),
                "followed": 1,
                "patch": b"p",
                "quality": 0.7,
                "detected": True,
                "mirrored": None,
                "flaw": "too_dark",
                "landmarks": {
                    "points": face.landmarks.points.astype("<f4").tobytes(),
                    "pose": list(face.landmarks.pose),
                    "presence": None,
                    "texture": b"",
                    "antispoof": 0.5,
                },
            }
        ],
        "followed": [[5, 6, 7, 8]],
        "enrolled": [3, 5],
        "drawn": [3, 0.25],
        "decision": TOLD,
        "retracted": True,
        "ended": [OVER],
        "jpeg": b"\xff\xd8",
    }
    assert body(pack(RecordedEntry(300, frame, cut=True))) == msgpack.packb(fields)
    closed = {"number": 7, "moment": moment, "decisions": [TOLD], "ended": [OVER]}
    entry = RecordedEntry(7, ClosedDoor(frame.moment, (DECISION,), (SUMMARY,)))
    assert body(pack(entry)) == msgpack.packb(closed)


def test_the_bytes_of_a_header_are_those_of_version_2() -> None:
    fields = {
        "format": "doorward-recording",
        "version": 2,
        "run": "run",
        "session": "session",
        "terminal": "front door \u202e",
        "first": 7,
        "moment": START.astimezone().isoformat(timespec="microseconds"),
        "rules": dict(HEAD.rules),
    }
    assert body(pack_header(HEAD)) == msgpack.packb(fields)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_numbers_of_numpy_are_numbers(kind: type[Any]) -> None:
    def packed(quality: float) -> bytes:
        return pack(
            RecordedEntry(1, replace(FULL, analysis=Analysis(1, 1, (Face(box(), None, quality=quality),))))
        )

    assert packed(kind(0.5)) == packed(0.5)


def test_a_header_comes_back_and_the_rules_are_words() -> None:
    assert unpack_header(body(pack_header(HEAD))) == HEAD
    assert HEAD.rules["policy"] == "any" and HEAD.rules["threshold"] == "None"


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e9), st.integers(0, 2**62))
def test_times_and_numbers_are_exact(at: float, quality: float, number: int) -> None:
    face = Face(box(), look(0, 0.2), quality=quality)
    entry = RecordedEntry(number, replace(FULL, at=at, analysis=Analysis(1, 1, (face,))))
    assert plain(unpack(body(pack(entry)))) == plain(entry)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["format", "version", "rules", "at", "moment", "number", "decisions", "ended"]),
            inner,
        ),
        max_leaves=8,
    ).map(msgpack.packb)
)
def test_whatever_else_the_bytes_are_it_is_a_format_error(data: bytes) -> None:
    for reader in (unpack, unpack_header):
        with pytest.raises(FormatError):
            reader(data)


@given(st.data())
def test_a_record_with_any_byte_changed_is_a_record_or_a_format_error(data: st.DataObject) -> None:
    record = bytearray(body(pack(RecordedEntry(1, FULL))))
    at = data.draw(st.integers(0, len(record) - 1))
    record[at] = data.draw(st.integers(0, 255))
    try:
        entry = unpack(bytes(record))
    except FormatError:
        return
    assert isinstance(entry.what, ObservedFrame | ClosedDoor)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": "doorward-cache"}, "not a recording"),
        ({"version": VERSION + 1}, f"version {VERSION + 1}; this server reads {VERSION}"),
        ({"version": "1"}, "version '1'"),
        ({"rules": []}, "damaged record"),
        ({"first": True}, "damaged record"),
        ({"run": 3}, "damaged record"),
        ({"moment": "yesterday"}, "damaged record"),
    ],
)
def test_a_header_that_is_not_ours_is_refused_with_a_reason(change: dict[str, Any], complaint: str) -> None:
    changed = {**msgpack.unpackb(body(pack_header(HEAD))), **change}
    with pytest.raises(FormatError, match=complaint):
        unpack_header(msgpack.packb(changed))


ZERO = np.zeros(128, "<f4").tobytes()
ONES = np.ones(128, "<f4").tobytes()
NAN = np.full(128, np.nan, "<f4").tobytes()
LANDMARKS = {
    "points": bytes(544),
    "pose": [0.0, 0.0, 0.0],
    "presence": None,
    "texture": b"",
    "antispoof": None,
}


@pytest.mark.parametrize(
    "change",
    [
        {"number": None},
        {"number": 1.0},
        {"at": "1"},
        {"at": float("nan")},
        {"at": float("inf")},
        {"size": [1, 2, 3]},
        {"size": [1, 2.5]},
        {"followed": [[1, 2, 3]]},
        {"enrolled": [1]},
        {"drawn": ["1"]},
        {"faces": [{}]},
        {"ended": [{"decision": None}]},
        {"decision": {}},
        {"jpeg": "text"},
        {"retracted": 1},
        {"cut": False},
        {"moment": "yesterday"},
        {"more": 1},
    ],
)
def test_a_record_with_something_missing_or_of_another_kind_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="damaged record"):
        unpack(msgpack.packb({**fields(RecordedEntry(1, FULL)), **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"embedding": ZERO},
        {"embedding": NAN},
        {"mirrored": b"1234"},
        {"followed": "1"},
        {"flaw": "ugly"},
        {"box": [1, 2, 3, None]},
        {"quality": None},
        {"quality": -1.0},
        {"quality": float("nan")},
        {"quality": float("inf")},
        {"quality": 1},
        {"detected": 1},
        {"patch": 10**9},
        {"embedding": ONES + ONES[:32]},
        *(
            {"landmarks": LANDMARKS | change}
            for change in (
                {"points": ONES},
                {"points": NAN + NAN[:32]},
                {"points": b""},
                {"pose": [0.0, float("nan"), 0.0]},
                {"pose": [0.0, 0.0]},
                {"presence": float("inf")},
                {"presence": "yes"},
                {"texture": b"short"},
                {"texture": None},
                {"antispoof": float("nan")},
                {"antispoof": "live"},
            )
        ),
        {"landmarks": {"points": bytes(544), "pose": [0.0, 0.0, 0.0], "antispoof": None}},
    ],
)
def test_a_face_that_could_not_be_decided_about_is_refused(change: dict[str, Any]) -> None:
    whole = fields(RecordedEntry(1, FULL))
    whole["faces"][0].update(change)
    with pytest.raises(FormatError, match="damaged record"):
        unpack(msgpack.packb(whole))


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1},
        {"verdict": "maybe"},
        {"reason": "why"},
        {"name": 1},
        {"distance": "far"},
        {"threshold": None},
        {"liveness": "dead"},
        {"distance": float("nan")},
        {"threshold": float("inf")},
        {"looks": 1.0},
        {"accompanied": None},
        {"note": 1},
        {"more": 1},
    ],
)
def test_a_decision_that_cannot_be_shown_is_refused(change: dict[str, Any]) -> None:
    whole = fields(RecordedEntry(1, FULL))
    whole["decision"].update(change)
    with pytest.raises(FormatError, match="damaged record"):
        unpack(msgpack.packb(whole))


@pytest.mark.parametrize(
    "change",
    [
        {"looks": None},
        {"looks": "2"},
        {"people": None},
        {"seconds": float("nan")},
        {"distance": "far"},
        {"candidate": 3},
    ],
)
def test_a_summary_that_cannot_be_compared_is_refused(change: dict[str, Any]) -> None:
    whole = fields(RecordedEntry(1, FULL))
    whole["ended"][0].update(change)
    with pytest.raises(FormatError, match="damaged record"):
        unpack(msgpack.packb(whole))
