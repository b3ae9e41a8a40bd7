"""Opens a zip that somebody sent: whatever it says of itself, it takes no more memory than it may."""

import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from server.site.errors import Kind, SiteError

CHUNK_BYTES = 1 << 16
ENCRYPTED = 0x1
"""The bit of `ZipInfo.flag_bits`."""
_DAMAGED = "this is no zip file, or a damaged one"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How entries may be packed: what unpacks others may want gigabytes."""


def open_zip(file: BinaryIO, directory_bytes: int, kind: Callable[[Any], Any] = zipfile.ZipFile) -> Any:
    """A zip file open for reading, of type `kind`; that it is closed does not matter.

    `directory_bytes`: largest directory that is read; each entry takes about ten times its bytes of memory.
    Raises SiteError.
    """
    try:
        opened = kind(_Bounded(file, directory_bytes))
    except _TooMuchError:
        raise SiteError(Kind.TOO_LARGE, "the zip has too many entries") from None
    except Exception as error:  # whatever hostile bytes do to zipfile
        raise SiteError(Kind.REFUSED, _DAMAGED) from error
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
    """A file of which no more than so many bytes are read at once, as zipfile reads a directory."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._most + 1) if size >= 0 else self._most + 1)
        if len(data) > self._most:
            raise _TooMuchError
        return data

    def close(self) -> None:
        """The file is its owner's."""
