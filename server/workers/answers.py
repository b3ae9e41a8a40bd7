"""What a worker answers, as bytes and back.

A worker decodes hostile pictures: what took it over must not reach further by its answers. So they are plain
values, and values of the classes here, of which each field is given and sound (`soundness`); nothing that
comes out of one is called, imported or looked up by name elsewhere, as pickles do. There are as many values
in one, and as deep, as pictures need: msgpack alone would fill the memory, or end the program, of who reads.
"""

import pickle
from collections.abc import Callable, Iterable
from dataclasses import fields
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

import msgpack
import numpy as np

from server.access.seen import Flaw, PhotoFlaw, PictureError, PictureTooLargeError, Scan
from server.workers import soundness

Outcome: TypeAlias = tuple[Any, Exception | None]
"""What a task returned, and what it raised."""

_RECORDS: dict[str, Callable[..., Any]] = {kind.__name__: kind for kind in soundness.RECORDS}
_WORDS: dict[str, Callable[[str], Any]] = {kind.__name__: kind for kind in (Flaw, PhotoFlaw, Scan)}
_ERRORS = {kind.__name__: kind for kind in (PictureError, PictureTooLargeError)}
_RECORD, _WORD, _ARRAY = 1, 2, 3
DEEPEST = 8
"""Values of classes in each other: a pose is in landmarks in a face in what a frame shows."""
MOST_VALUES = 20_000
"""Of one answer: 64 faces are 3,000."""


class TaskError(Exception):
    """What a task raised that is not among those that callers tell apart. `said`: its message, without what
    kind of error it is."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(f"{kind}: {said}" if said else kind)
        self.said = said or kind


class AnswerError(Exception):
    """The bytes are no answer of a worker that is as it should be."""


def packed(outcome: Outcome) -> bytes:
    """Raises TypeError: there is a value in it that no task answers."""
    result, error = outcome
    if error is None:
        return _pack((result, None, ""))
    return _pack((None, type(error).__name__, str(error)))


def unpacked(data: bytes) -> Outcome:
    """Lists come back as tuples, and errors of other classes than a picture's as TaskErrors. Raises
    AnswerError."""
    try:
        result, kind, text = _Reader().read(data)
    except Exception as failure:  # msgpack's many, and those of the classes
        raise AnswerError(f"a worker's answer cannot be read: {failure}") from failure
    if kind is None:
        return result, None
    if not isinstance(kind, str) or not isinstance(text, str):
        raise AnswerError("a worker's answer cannot be read: an error without a name")
    error = _ERRORS.get(kind)
    return None, error(text) if error else TaskError(kind, text)


class Answers(NamedTuple):
    """How outcomes become bytes, and bytes outcomes."""

    pack: Callable[[Outcome], bytes]
    unpack: Callable[[bytes], Outcome]


PLAIN = Answers(packed, unpacked)
"""Of a process that looks at pictures."""
ANY = Answers(pickle.dumps, pickle.loads)
"""Of one that runs our own code on our own data, and looks at no picture."""


def _pack(value: object) -> bytes:
    data: bytes = msgpack.packb(value, default=_extended, strict_types=True)
    return data


def _extended(value: object) -> object:
    kind = type(value).__name__
    if isinstance(value, Enum):
        return msgpack.ExtType(_WORD, _pack((kind, value.value)))
    if isinstance(value, np.ndarray) and value.dtype == np.float32:
        return msgpack.ExtType(_ARRAY, _pack((value.shape, value.tobytes())))
    if isinstance(value, np.generic):
        return value.item()
    if kind in _RECORDS:
        return msgpack.ExtType(_RECORD, _pack((kind, *_given(value))))
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{kind} is nothing that a task answers")


def _given(record: Any) -> Iterable[object]:
    return record if isinstance(record, tuple) else (getattr(record, each.name) for each in fields(record))


class _Reader:
    """Of one answer. Raises ValueError, and what msgpack and the classes raise."""

    def __init__(self) -> None:
        self._depth = 0
        self._left = MOST_VALUES

    def read(self, data: bytes) -> Any:
        return msgpack.unpackb(
            data,
            use_list=False,
            list_hook=self._counted,
            ext_hook=self._restored,
            strict_map_key=True,
            max_array_len=MOST_VALUES,
            max_map_len=0,
        )

    def _counted(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        self._left -= 1 + len(values)
        if self._left < 0:
            raise ValueError(f"more than {MOST_VALUES} values")
        return values

    def _restored(self, code: int, data: bytes) -> Any:
        if self._depth == DEEPEST:
            raise ValueError(f"values in each other, more than {DEEPEST} deep")
        self._depth += 1
        first, *rest = self.read(data)
        self._depth -= 1
        if code == _ARRAY:
            (content,) = rest
            return np.frombuffer(content, np.float32).reshape(first)
        if code == _RECORD:
            record = _RECORDS[first](*rest)
            soundness.check(record)
            return record
        if code == _WORD:
            (word,) = rest
            return _WORDS[first](word)
        raise ValueError(f"extension {code}")
