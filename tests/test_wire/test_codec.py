"""Framing and msgpack: any split of the stream is the same stream, and hostile payloads are refused."""

import struct
from itertools import pairwise
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import any_message
from wire import HEADER_BYTES, ErrorCode, FrameSplitter, Message, ProtocolError, encode
from wire.framing import decode_map

DEEP = 100_000


def framed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def drained(splitter: FrameSplitter) -> list[bytes]:
    return list(iter(splitter.next_payload, None))


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def test_a_message_is_its_length_and_one_map() -> None:
    class Tiny:
        def to_map(self) -> dict[str, Any]:
            return {"a": b"\x00", "b": "ü"}

    payload = b"\x82\xa1a\xc4\x01\x00\xa1b\xa2\xc3\xbc"
    assert HEADER_BYTES == 4
    assert encode(Tiny()) == b"\x00\x00\x00\x0b" + payload  # type: ignore[arg-type]


@given(st.lists(any_message(), max_size=5), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_split_of_the_stream_gives_the_same_messages_in_order(
    messages: list[Message], cuts: list[int]
) -> None:
    stream = b"".join(encode(message) for message in messages)
    splitter = FrameSplitter(1 << 20)
    payloads: list[bytes] = []
    for chunk in split(stream, cuts):
        splitter.feed(chunk)
        payloads += drained(splitter)
    assert [decode_map(payload) for payload in payloads] == [message.to_map() for message in messages]
    assert splitter.buffered == 0


def test_bytes_of_an_incomplete_message_are_counted() -> None:
    splitter = FrameSplitter(100)
    splitter.feed(framed(b"first") + framed(b"second")[:-1])
    assert drained(splitter) == [b"first"]
    assert splitter.buffered == HEADER_BYTES + 5
    splitter.feed(b"d")
    assert drained(splitter) == [b"second"]
    assert splitter.buffered == 0


def test_an_empty_payload_is_a_payload() -> None:
    splitter = FrameSplitter(100)
    splitter.feed(framed(b""))
    assert drained(splitter) == [b""]


@pytest.mark.parametrize("limit", [4096, 1 << 20])
def test_the_length_is_refused_before_the_payload_arrives(limit: int) -> None:
    splitter = FrameSplitter(limit)
    splitter.feed(b"\xff\xff\xff\xff")
    with pytest.raises(ProtocolError, match=rf"4294967295 bytes; the limit here is {limit}"):
        splitter.next_payload()


@pytest.mark.parametrize("limit", [10, 4096, 5000])
def test_the_limit_itself_is_accepted(limit: int) -> None:
    splitter = FrameSplitter(limit)
    splitter.feed(framed(bytes(limit)))
    assert drained(splitter) == [bytes(limit)]
    splitter.feed(struct.pack(">I", limit + 1))
    with pytest.raises(ProtocolError):
        splitter.next_payload()


@pytest.mark.parametrize(("limit", "code"), [(4096, ErrorCode.BAD_MESSAGE), (4097, ErrorCode.FRAME_TOO_BIG)])
def test_only_where_frames_may_come_is_a_message_too_big_a_frame(limit: int, code: ErrorCode) -> None:
    splitter = FrameSplitter(limit)
    splitter.feed(struct.pack(">I", limit + 1))
    with pytest.raises(ProtocolError) as refusal:
        splitter.next_payload()
    assert refusal.value.code is code


BOMBS = {
    "nothing": b"",
    "never used byte": b"\xc1",
    "truncated map": b"\x82\xa1a\x01",
    "trailing data": msgpack.packb({}) + b"\x00",
    "two maps": msgpack.packb({}) * 2,
    "an array": msgpack.packb([]),
    "a string": msgpack.packb("hello"),
    "nil": b"\xc0",
    "integer key": msgpack.packb({1: 1}),
    "nil key": b"\x81\xc0\x01",
    "binary key": msgpack.packb({b"type": "hello"}),
    "array key": b"\x81\x90\x01",
    "nested integer key": msgpack.packb({"a": {1: 1}}),
    "invalid UTF-8": b"\x81\xa1a\xa2\xff\xfe",
    "surrogate in UTF-8": b"\x81\xa1a\xa3\xed\xa0\x80",
    "array of 2^32-1": b"\x81\xa1a\xdd\xff\xff\xff\xff",
    "map of 2^32-1": b"\xdf\xff\xff\xff\xff",
    "nested map of 2^32-1": b"\x81\xa1a\xdf\xff\xff\xff\xff",
    "string of 2^32-1": b"\x81\xa1a\xdb\xff\xff\xff\xff",
    "binary of 2^32-1": b"\x81\xa1a\xc6\xff\xff\xff\xff",
    "extension of 2^32-1": b"\x81\xa1a\xc9\xff\xff\xff\xff\x01",
    "extension": msgpack.packb({"a": msgpack.ExtType(5, b"12")}),
    "empty extension": b"\x81\xa1a\xc7\x00\x05",
    "timestamp": msgpack.packb({"a": msgpack.Timestamp(1, 0)}),
    "long timestamp": msgpack.packb({"a": msgpack.Timestamp(2**40, 1)}),
    "deep arrays": b"\x81\xa1a" + b"\x91" * DEEP + b"\xc0",
    "deep maps": b"\x81\xa1a" * DEEP + b"\xc0",
    "more items than any message has": msgpack.packb({"a": [0] * 1025}),
    "more keys than any message has": msgpack.packb({str(key): 0 for key in range(1025)}),
    "a longer text than any message has": msgpack.packb({"a": "x" * 4097}),
}


@pytest.mark.parametrize("payload", BOMBS.values(), ids=BOMBS)
def test_hostile_payloads_are_bad_messages(payload: bytes) -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_map(payload)
    assert refusal.value.code is ErrorCode.BAD_MESSAGE


def test_a_refusal_tells_nothing_of_the_decoder() -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_map(b"\x81\xa1a\xdd\xff\xff\xff\xff")
    assert refusal.value.message == "the payload is not a valid msgpack message"


def test_what_the_limits_allow_is_read() -> None:
    values = {"a": [0] * 1024, "b": "x" * 4096, "c": bytes(100_000), "d": {"e": None}}
    assert decode_map(msgpack.packb(values)) == values


@given(st.binary(max_size=300))
def test_any_payload_is_a_map_with_string_keys_or_a_bad_message(payload: bytes) -> None:
    try:
        values = decode_map(payload)
    except ProtocolError as error:
        values = {error.code.value: None}
        assert list(values) == ["bad_message"]
    assert all(isinstance(key, str) for key in values)
