"""Messages behind their lengths, read from a file or a pipe; `wire.framing` is the format."""

from typing import BinaryIO

from wire.framing import HEADER


class TooLongError(Exception):
    """A message announces more bytes than are accepted."""


def read_framed(file: BinaryIO, limit: int) -> bytes | None:
    """The next payload; None where the file ends or breaks off. Raises OSError, TooLongError."""
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    if length > limit:
        raise TooLongError
    payload = file.read(length)
    return payload if len(payload) == length else None
