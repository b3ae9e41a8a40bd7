"""Opens a zip that somebody sent: whatever it says of itself, it takes no more memory than it may."""

import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from server.site.errors import Kind, SiteError

CHUNK_BYTES = 1 << 16
READ_BYTES = 1 << 20
"""Of an entry or its header at once."""
ENCRYPTED = 0x1
"""The bit of `ZipInfo.flag_bits`."""
_DAMAGED = "this is no zip file, or a damaged one"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How entries may be packed: what unpacks others may want gigabytes."""


class Allowance:
    """Bytes of directories that may still be read, of one zip or several together; each entry takes about ten
    times its bytes of memory."""

    def __init__(self, most: int) -> None:
        self.left = most


def open_zip(file: BinaryIO, allowance: Allowance, kind: Callable[[Any], Any] = zipfile.ZipFile) -> Any:
    """A zip file open for reading, of type `kind`; that it is closed does not matter.

    What is read of its directory is taken from the `allowance`, also where the zip turns out to be none.
    Raises SiteError.
    """
    bounded = _Bounded(file, allowance)
    try:
        opened = kind(bounded)
    except _TooMuchError:
        raise SiteError(Kind.TOO_LARGE, "the zip has too many entries") from None
    except Exception as error:  # whatever hostile bytes do to zipfile
        raise SiteError(Kind.REFUSED, _DAMAGED) from error
    bounded.end_of_directory()
    for entry in opened.infolist():
        if (why := _out_of_bounds(entry)) is not None:
            raise SiteError(Kind.REFUSED, f"the zip has an entry {entry.filename!a}, {why}")
    return opened


def chunks(opened: Any, entry: Any) -> Iterator[bytes]:
    """What an entry holds: as many bytes as its `file_size` says, else it is damaged. Raises SiteError."""
    try:
        with opened.open(entry) as file:
            while data := file.read(CHUNK_BYTES):
                yield data
    except Exception as error:  # as above
        raise SiteError(Kind.REFUSED, f"{entry.filename!a} in the zip is damaged") from error


def _out_of_bounds(entry: Any) -> str | None:
    parts = entry.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or ":" in parts[0] or "\0" in entry.orig_filename:
        return "which leads out of it"
    if entry.compress_type not in _METHODS:
        return "which is packed in a way that is not unpacked here"
    return "which is a link" if (entry.external_attr >> 16) & 0o170000 == 0o120000 else None


class _TooMuchError(Exception):
    """More was to be read at once than may be."""


class _Bounded:
    """A file of which no more is read than is allowed, as zipfile reads a directory; afterwards, of the
    entries, no more at once than zipfile reads of one."""

    def __init__(self, file: BinaryIO, allowance: Allowance) -> None:
        self._file = file
        self._allowance: Allowance | None = allowance
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        most = READ_BYTES if self._allowance is None else self._allowance.left
        data = self._file.read(min(size, most + 1) if size >= 0 else most + 1)
        if len(data) > most:
            raise _TooMuchError
        if self._allowance is not None:
            self._allowance.left -= len(data)
        return data

    def seekable(self) -> bool:
        """What was sent is in memory or on disk; an upload of Python 3.10 cannot tell."""
        return True

    def end_of_directory(self) -> None:
        """What follows are entries."""
        self._allowance = None

    def close(self) -> None:
        """The file is its owner's."""
