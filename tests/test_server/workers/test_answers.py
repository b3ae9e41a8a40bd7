"""What workers answer: every value of theirs comes back as it was, and nothing else comes through."""

import os
import pickle
from dataclasses import astuple, dataclass, replace
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.seen import (
    Analysis,
    Face,
    Flaw,
    Landmarks,
    PhotoAccepted,
    PhotoFlaw,
    PhotoRefused,
    PictureError,
    PictureTooLargeError,
    Pose,
    PreparedPhoto,
    Scan,
    Still,
)
from server.workers.answers import AnswerError, TaskError, packed, unpacked
from wire import Box

BOX = Box(1, 20, 30, 4)
EMBEDDING = np.linspace(-1, 1, 128, dtype=np.float32)
POINTS = np.arange(136, dtype=np.float32).reshape(68, 2)
MARKS = Landmarks(POINTS, Pose(1.5, -2.0, 0.25), presence=3.5, texture=b"\x00\xff" * 2048, antispoof=None)
FACE = Face(BOX, EMBEDDING, 0, b"patch", 2.5, True, EMBEDDING[::-1].copy(), Flaw.TOO_DARK, MARKS)


def there_and_back(value: object) -> Any:
    result, error = unpacked(packed((value, None)))
    assert error is None
    return result


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return one == other


@pytest.mark.parametrize(
    "value",
    [
        Analysis(640, 480, (FACE, Face(BOX, None)), Scan.CHANGED, b"scene"),
        Still(640, 480, (FACE,), None),
        PhotoRefused(PhotoFlaw.NO_FACE, "no face"),
        PreparedPhoto(b"jpeg", PhotoAccepted(EMBEDDING, EMBEDDING, 120, 3.25), BOX, b"small"),
        PreparedPhoto(b"jpeg", PhotoRefused(PhotoFlaw.TOO_DARK, "dark"), None, b""),
        "onnxruntime",
        b"thumbnail",
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_answer_comes_back_as_it_was(value: object) -> None:
    assert same(there_and_back(value), value)


def test_what_is_logged_of_a_start_comes_back() -> None:
    assert there_and_back([(30, "converted"), (20, "loaded")]) == ((30, "converted"), (20, "loaded"))


def test_numbers_of_numpy_are_plain_ones() -> None:
    answer = there_and_back((np.float32(0.5), np.int64(7)))
    assert answer == (0.5, 7) and [type(each) for each in answer] == [float, int]


@pytest.mark.parametrize("error", [PictureError("no JPEG"), PictureTooLargeError("9 pixels")])
def test_what_is_wrong_with_a_picture_is_told_apart(error: PictureError) -> None:
    result, raised = unpacked(packed((None, error)))
    assert result is None and type(raised) is type(error) and str(raised) == str(error)


def test_any_other_error_is_told_by_its_name_alone() -> None:
    _, raised = unpacked(packed((None, KeyError("x"))))
    assert type(raised) is TaskError and str(raised) == "KeyError: 'x'"


@dataclass
class Other:
    value: int


@pytest.mark.parametrize(
    "value",
    [Other(1), object(), os.system, {"a", "b"}, np.array([None]), (np.ones(128),)],
    ids=lambda value: type(value).__name__,
)
def test_what_no_task_answers_is_not_sent(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        there_and_back(value)


def forged(code: int, *content: object) -> bytes:
    inner: bytes = msgpack.packb(content)
    data: bytes = msgpack.packb((msgpack.ExtType(code, inner), None, ""))
    return data


@pytest.mark.parametrize(
    "answer",
    [
        pickle.dumps((os.system, "true")),
        forged(1, "system", "true"),
        forged(1, "__import__", "os"),
        forged(1, "TaskError", "x"),
        forged(1, "Box", 1, 2, 3),
        forged(1, "Box", *astuple(Other(1)) * 9),
        forged(2, "Scan", "sideways"),
        forged(2, "Analysis", "x"),
        forged(3, (1,), b"\0" * 8),
        forged(3, (1 << 40,), b"\0" * 4),
        forged(3, "|O", (1,), b"\0" * 8),
        forged(9, "Box", 1, 2, 3, 4),
        msgpack.packb((1, None)),
        msgpack.packb((None, {}, "")),
        msgpack.packb((None, "PictureError", 1)),
        msgpack.packb({}),
        b"",
    ],
)
def test_a_forged_answer_is_none(answer: bytes) -> None:
    with pytest.raises(AnswerError):
        unpacked(answer)


def nested(depth: int) -> bytes:
    """A value in a value in a value. msgpack by itself ends the program by 200 of them."""
    value: object = None
    for _ in range(depth):
        value = msgpack.ExtType(1, msgpack.packb(("Box", value)))
    data: bytes = msgpack.packb((value, None, ""))
    return data


def many(arrays: int, depth: int = 1) -> bytes:
    inner: object = ()
    for _ in range(depth):
        inner = (inner,)
    data: bytes = msgpack.packb(((inner,) * arrays, None, ""))
    return data


@pytest.mark.parametrize("answer", [nested(9), nested(200), nested(20_000), many(50_000), many(900, 30)])
def test_an_answer_takes_neither_the_stack_nor_the_memory_of_who_reads_it(answer: bytes) -> None:
    with pytest.raises(AnswerError, match=r"deep|more than|max_array_len"):
        unpacked(answer)


def worn(**fields: Any) -> Landmarks:
    return replace(MARKS, **fields)


@pytest.mark.parametrize(
    "value",
    [
        Box(0, 1 << 40, 10, 0),
        Box(0, 10, 10, 2.5),  # type: ignore[arg-type]
        Pose(float("nan"), 0.0, 0.0),
        worn(points=POINTS[:67]),
        worn(points=np.full_like(POINTS, np.inf)),
        worn(texture=b"short"),
        worn(presence=float("inf")),
        worn(pose=(1.0, 2.0, 3.0)),
        Face(BOX, EMBEDDING[:64]),
        Face(BOX, EMBEDDING * np.float32("nan")),
        Face(BOX, EMBEDDING * 0),
        Face(BOX, None, followed=-1),
        Face(BOX, None, quality=float("nan")),
        Face((1, 20, 30, 4), None),  # type: ignore[arg-type]
        Analysis(640, 480, (FACE,) * 65),
        Analysis(640, -480, ()),
        Analysis(640, 480, (BOX,)),  # type: ignore[arg-type]
        Analysis(640, 480, (), scene="x"),  # type: ignore[arg-type]
        PhotoAccepted(EMBEDDING, EMBEDDING * np.float32("nan"), 120, 3.25),
        PreparedPhoto("jpeg", PhotoRefused(PhotoFlaw.TOO_DARK, "dark"), None, b""),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_what_no_picture_can_show_is_no_answer(value: object) -> None:
    with pytest.raises(AnswerError, match="no worker sees such a"):
        unpacked(packed((value, None)))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_of_known_kind_or_none(data: bytes) -> None:
    try:
        _, error = unpacked(data)
    except AnswerError:
        return
    assert error is None or isinstance(error, PictureError | TaskError)
