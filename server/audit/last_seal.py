"""The seal of the last line that was written, beside the log: so that lines that are cut off its end are
missed, and that the chain goes on in an empty file after a rotation."""

import contextlib
import hmac
from pathlib import Path

from server.audit.seals import ORIGIN, SEAL_BYTES, Link, keyed
from server.support.private_files import open_private

FILE = "seal.last"
"""In the logs folder."""


class LastSeal:
    """Kept in one file, written over in place: it grows no more, so that a full disk does not matter. It is
    not waited for; after a power failure it may be behind the log, which is then believed."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises OSError."""
        self._key = key
        self._file = open_private(path, "r+b" if path.exists() else "w+b")

    def read(self) -> Link:
        """`ORIGIN`: nothing was written that this key says is so."""
        self._file.seek(0)
        return parsed(self._file.read(256), self._key)

    def write(self, link: Link) -> None:
        """Where it cannot be written the log itself still can: it is believed where it is ahead."""
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(_line(link, self._key))

    def close(self) -> None:
        self._file.close()


def parsed(data: bytes, key: bytes) -> Link:
    """`ORIGIN` where the line is no such line, or made by another key."""
    with contextlib.suppress(ValueError):
        number, seal, _ = data.split()
        link = Link(int(number), bytes.fromhex(seal.decode()))
        if len(link.seal) == SEAL_BYTES and hmac.compare_digest(_line(link, key), data):
            return link
    return ORIGIN


def _line(link: Link, key: bytes) -> bytes:
    told = b"%018d %s" % (link.number, link.seal.hex().encode())
    return b"%s %s\n" % (told, keyed(key, b"last", told).hex().encode())
