"""What can go wrong on the wire, in the words the peer is told."""

from enum import Enum


class ErrorCode(str, Enum):
    """The closed set of error codes. Only `BAD_FRAME` leaves the connection open."""

    BAD_MESSAGE = "bad_message"
    BAD_FRAME = "bad_frame"
    FRAME_TOO_BIG = "frame_too_big"
    VERSION_MISMATCH = "version_mismatch"
    UNAUTHORIZED = "unauthorized"
    TOO_MANY = "too_many"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"

    @property
    def closes(self) -> bool:
        """Whether the sender of this error closes the connection after it."""
        return self is not ErrorCode.BAD_FRAME


class ProtocolError(Exception):
    """The peer broke the protocol. `message` is safe to show to that peer."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(f"{code.value}: {message}")
        self.code = code
        self.message = message
