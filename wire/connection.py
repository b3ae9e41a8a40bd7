"""The two ends of a connection as state machines: bytes in, messages out, no I/O.

Iterating over `events()` after each `feed()` yields the complete messages so far. A violation raises
ProtocolError; after that the connection is of no use and the owner closes it.
"""

from collections.abc import Iterator
from typing import Any

from wire.errors import ErrorCode, ProtocolError
from wire.fields import Fields
from wire.framing import FrameSplitter, decode_map
from wire.messages import (
    ErrorMessage,
    Frame,
    FromClient,
    FromServer,
    Hello,
    Ping,
    Pong,
    Propose,
    Proposed,
    Welcome,
)
from wire.result import Result

HELLO_BYTES = 4096
"""Largest message before the hello is accepted, in bytes."""
FRAME_OVERHEAD_BYTES = 1024
"""What a frame message may weigh beyond its JPEG, in bytes."""
REPLY_BYTES = 1 << 20
"""Largest message a server sends, in bytes."""


def _shown(type_name: str) -> str:
    return ascii(type_name[:32])


class ServerConnection:
    """The server's end. Yields `Hello` first; nothing more is read until `accept()`."""

    def __init__(self, frame_bytes: int) -> None:
        """`frame_bytes`: the largest JPEG that will be accepted after the hello."""
        self._frame_bytes = frame_bytes
        self._splitter = FrameSplitter(HELLO_BYTES)
        self._greeted = False
        self._accepted = False
        self._last_seq = -1

    @property
    def mid_message(self) -> bool:
        """Whether part of a message has arrived and the rest has not."""
        return self._splitter.buffered > 0

    def feed(self, data: bytes) -> None:
        self._splitter.feed(data)

    def accept(self) -> None:
        """Let the peer send frames: its hello is answered with a welcome."""
        self._accepted = True
        self._splitter.limit = self._frame_bytes + FRAME_OVERHEAD_BYTES

    def events(self) -> Iterator[FromClient]:
        """Complete messages, in order. Raises ProtocolError on the first violation."""
        while self._accepted or not self._greeted:
            payload = self._splitter.next_payload()
            if payload is None:
                return
            yield self._event(decode_map(payload))

    def _event(self, values: dict[str, Any]) -> FromClient:
        kind = Fields(values, "message").text("type")
        if not self._greeted:
            if kind != Hello.type:
                raise ProtocolError(ErrorCode.BAD_MESSAGE, "the first message must be hello")
            self._greeted = True
            return Hello.read(Fields(values, kind))
        if kind == Frame.type:
            return self._frame(Frame.read(Fields(values, kind)))
        if kind == Ping.type:
            return Ping.read(Fields(values, kind))
        if kind == Propose.type:
            return Propose.read(Fields(values, kind))
        if kind == Hello.type:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello was already said")
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"unknown message type {_shown(kind)}")

    def _frame(self, frame: Frame) -> Frame:
        if frame.seq <= self._last_seq:
            raise ProtocolError(
                ErrorCode.BAD_MESSAGE, f"frame.seq must increase; {frame.seq} came after {self._last_seq}"
            )
        if len(frame.jpeg) > self._frame_bytes:
            raise ProtocolError(
                ErrorCode.FRAME_TOO_BIG,
                f"a JPEG of {len(frame.jpeg)} bytes; the limit is {self._frame_bytes}",
            )
        self._last_seq = frame.seq
        return frame


class ClientConnection:
    """The terminal's end. Yields what the server says; a welcome must come before any result."""

    def __init__(self) -> None:
        self._splitter = FrameSplitter(REPLY_BYTES)
        self._welcomed = False

    def feed(self, data: bytes) -> None:
        self._splitter.feed(data)

    def events(self) -> Iterator[FromServer]:
        """Complete messages, in order. Raises ProtocolError on the first violation."""
        while (payload := self._splitter.next_payload()) is not None:
            yield self._event(decode_map(payload))

    def _event(self, values: dict[str, Any]) -> FromServer:
        kind = Fields(values, "message").text("type")
        fields = Fields(values, kind)
        if kind == ErrorMessage.type:
            return ErrorMessage.read(fields)
        if kind == Welcome.type and not self._welcomed:
            self._welcomed = True
            return Welcome.read(fields)
        if not self._welcomed:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, "the server's first message must be welcome or error")
        if kind == Result.type:
            return Result.read(fields)
        if kind == Pong.type:
            return Pong.read(fields)
        if kind == Proposed.type:
            return Proposed.read(fields)
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"unexpected message type {_shown(kind)}")
