"""What is uploaded: photos, and zips of photos, one after the other and within limits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import SEEK_END
from itertools import islice
from pathlib import PurePath, PurePosixPath
from typing import BinaryIO, NamedTuple, TypeAlias
from zipfile import ZipFile, ZipInfo

from server.gallery.folder import MAX_FILE_BYTES, is_ignored
from server.gallery.names import PHOTO_SUFFIXES, person_name
from server.site.errors import Kind, SiteError
from server.site.file_names import canonical
from server.site.zip_reading import ENCRYPTED, Allowance, chunks, open_zip

MAX_PHOTOS = 1000
"""In one upload."""
MAX_BYTES = 2_000_000_000
"""Of all photos of one upload, unpacked."""
MAX_RATIO = 20
"""How many times as large as in its zip an entry may be; photos hardly get smaller."""
SMALL = 100_000
"""Bytes of an entry for which that does not matter."""
DIRECTORY_BYTES = 1_000_000
"""Of the directories of all zips of one upload."""
SUFFIXES = PHOTO_SUFFIXES | {".heic", ".heif"}
"""Of photos that can be made fit for the gallery."""


class Upload(NamedTuple):
    """A file as it was sent. `name`: as the sender calls it, perhaps with folders."""

    name: str
    file: BinaryIO


@dataclass(frozen=True)
class Received:
    """A file that may be a photo. `name`: as it was sent, with the zip that it was in. `person`: whom it is
    to show; None: the name does not tell, and `unnamed` says why."""

    name: str
    data: bytes
    person: str | None
    unnamed: str = ""


@dataclass(frozen=True)
class Rejected:
    """A file that is not taken; `why` is a sentence for the sender."""

    name: str
    why: str


Incoming: TypeAlias = Received | Rejected


class _File(NamedTuple):
    """One file, not read yet. `read`: gives its bytes, or raises SiteError."""

    name: str
    path: str
    size: int
    read: Callable[[], bytes]
    why: str = ""


def incoming(uploads: Sequence[Upload], person: str | None = None) -> Iterator[Incoming]:
    """Each file that was sent, and each in a zip, read when it is asked for; hidden ones are passed over.

    `person`: whom all of them show, whatever they are called. Raises SiteError, before there is a first: they
    are too many or too large together.
    """
    name = None if person is None else canonical(person)
    allowance = Allowance(DIRECTORY_BYTES)
    listed = (file for upload in uploads for file in _files(upload, allowance))
    files = list(islice(listed, MAX_PHOTOS + 1))
    if len(files) > MAX_PHOTOS:
        raise SiteError(Kind.TOO_LARGE, f"these are more than {MAX_PHOTOS} files; send fewer at once")
    if (total := sum(file.size for file in files)) > MAX_BYTES:
        raise SiteError(Kind.TOO_LARGE, f"these are {total} bytes; at most {MAX_BYTES} are taken at once")
    return (_taken(file, name) for file in files)


def _files(upload: Upload, allowance: Allowance) -> Iterator[_File]:
    size = upload.file.seek(0, SEEK_END)
    upload.file.seek(0)
    if PurePosixPath(upload.name).suffix.lower() == ".zip":
        try:
            opened = open_zip(upload.file, allowance)
        except SiteError as error:
            yield _File(upload.name, upload.name, 0, bytes, str(error))
        else:
            yield from _entries(upload.name, opened)
    elif not _is_hidden(upload.name):
        yield _File(upload.name, upload.name, size, upload.file.read, _unfit(upload.name, size))


def _entries(name: str, opened: ZipFile) -> Iterator[_File]:
    for entry in opened.infolist():
        if entry.is_dir() or _is_hidden(entry.filename):
            continue
        why = _unfit(entry.filename, entry.file_size)
        if entry.flag_bits & ENCRYPTED:
            why = "it is encrypted; send it without a password"
        elif entry.file_size > max(SMALL, MAX_RATIO * entry.compress_size):
            why = "it is packed too tightly for a photo"
        read = partial(_unpacked, opened, entry)
        size = 0 if why else entry.file_size
        yield _File(f"{name}: {entry.filename}", entry.filename, size, read, why)


def _unpacked(opened: ZipFile, entry: ZipInfo) -> bytes:
    return b"".join(chunks(opened, entry))


def _is_hidden(name: str) -> bool:
    return any(is_ignored(part) or part == "__MACOSX" for part in PurePosixPath(_slashed(name)).parts)


def _unfit(name: str, size: int) -> str:
    if PurePosixPath(name).suffix.lower() not in SUFFIXES:
        return (
            f"it is no photo; send {', '.join(sorted(suffix[1:] for suffix in SUFFIXES))}, or a zip of them"
        )
    if size > MAX_FILE_BYTES:
        return f"it has {size} bytes; at most {MAX_FILE_BYTES} are taken"
    return ""


def _taken(file: _File, person: str | None) -> Incoming:
    if file.why:
        return Rejected(file.name, file.why)
    try:
        data = file.read()
    except SiteError as error:
        return Rejected(file.name, str(error))
    if person is not None:
        return Received(file.name, data, person)
    try:
        return Received(file.name, data, _person(file.path))
    except ValueError as error:
        return Received(file.name, data, None, str(error))


def _person(name: str) -> str:
    """As in faces/: a folder is named after the person, else the file is. Raises ValueError."""
    path = PurePosixPath(_slashed(name))
    if len(path.parts) > 1:
        try:
            return person_name(PurePath(path.parent.name, path.name))
        except ValueError:  # the folder is called like "photos"
            pass
    return person_name(PurePath(path.name))


def _slashed(name: str) -> str:
    """Some programs of Windows write its own separator into a zip."""
    return name.replace("\\", "/")
