"""Length-prefixed msgpack maps: 4-byte big-endian length, then that many bytes."""

import struct
from typing import Any, NoReturn

import msgpack

from wire.errors import ErrorCode, ProtocolError
from wire.messages import Message

HEADER = struct.Struct(">I")
"""Stands before each payload: its length in bytes."""
HEADER_BYTES = HEADER.size
MAX_LENGTH = 2**32 - 1
"""Longest payload that a header can announce."""

# A message is a small map: nothing in protocol 1 comes near these counts.
_MAX_ITEMS = 1024
_MAX_TEXT_BYTES = 4096


def encode(message: Message) -> bytes:
    """The bytes of one message, header included."""
    payload: bytes = msgpack.packb(message.to_map(), use_bin_type=True)
    return framed(payload)


def framed(payload: bytes) -> bytes:
    """The payload behind its length."""
    return HEADER.pack(len(payload)) + payload


class FrameSplitter:
    """Cuts a byte stream into payloads. Feed it any split of the stream; it buffers one message at most.

    `limit` is the largest payload in bytes that the peer may announce. It is compared with the header
    before any of the payload is accepted, so a peer cannot make us hold more than `limit` bytes: this is
    a security limit.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        """Bytes received that belong to a message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_payload(self) -> bytes | None:
        """The next complete payload, or None when more bytes are needed.

        Raises ProtocolError: the announced length is over the limit.
        """
        if len(self._buffer) < HEADER_BYTES:
            return None
        (length,) = HEADER.unpack_from(self._buffer)
        if length > self.limit:
            code = ErrorCode.FRAME_TOO_BIG if self.limit > _MAX_TEXT_BYTES else ErrorCode.BAD_MESSAGE
            raise ProtocolError(code, f"a message of {length} bytes; the limit here is {self.limit}")
        end = HEADER_BYTES + length
        if len(self._buffer) < end:
            return None
        payload = bytes(memoryview(self._buffer)[HEADER_BYTES:end])
        del self._buffer[:end]
        return payload


def _refuse_extension(code: int, data: bytes) -> NoReturn:
    raise ValueError("extension types are not part of the protocol")


def decode_map(payload: bytes) -> dict[str, Any]:
    """Unpack one msgpack map with string keys.

    Raises ProtocolError (bad_message): not msgpack, not a map, keys that are not strings, extension types,
    nesting or counts beyond what any message of the protocol needs.
    """
    try:
        value = msgpack.unpackb(
            payload,
            raw=False,
            strict_map_key=True,
            ext_hook=_refuse_extension,
            max_str_len=_MAX_TEXT_BYTES,
            max_bin_len=len(payload),
            max_array_len=_MAX_ITEMS,
            max_map_len=_MAX_ITEMS,
            max_ext_len=0,
        )
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "the payload is not a valid msgpack message") from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "the payload must be one map with string keys")
    return value
