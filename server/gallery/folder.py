"""What lies in faces/: one pass over the folder, and reading one file safely."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple, TypeAlias

from server.gallery.names import PHOTO_SUFFIXES, person_name
from server.support import osdep

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Largest photo file that is read."""

_COPYING_SUFFIXES = frozenset({".part", ".tmp", ".crdownload", ".swp", ".filepart"})
_NOTES_SUFFIXES = frozenset({".md", ".txt", ".toml"})
_LEAVES = "a link that leads out of the photo folder is not followed; put the photo itself here"
_NOT_A_PHOTO = "not a photo; use a jpg, jpeg, png or webp file"


class Signature(NamedTuple):
    """Changes whenever a file's content or its permissions may have: bytes, times in ns, file number."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class PhotoFile:
    """A photo to enrol: its path relative to faces/, whom it shows, and what its content can be told by."""

    path: PurePath
    person: str
    signature: Signature


@dataclass(frozen=True)
class BadFile:
    """Something in faces/ that cannot be a photo, and why, in words for whoever put it there."""

    path: PurePath
    detail: str
    signature: Signature


FolderItem: TypeAlias = PhotoFile | BadFile


class ReadError(Exception):
    """A photo file that cannot be read; the message says why."""


def scan(root: Path) -> list[FolderItem]:
    """Everything in faces/ and its folders (one level deep), sorted by path. A missing root is empty.

    Raises OSError: the root is there and cannot be listed.
    """
    try:
        names = sorted(os.listdir(root))
    except FileNotFoundError:
        return []
    items: list[FolderItem] = []
    for name in names:
        if not is_ignored(name):
            items += _look(root, PurePath(name))
    return items


def find(root: Path, path: PurePath) -> FolderItem | None:
    """What `scan` finds at this path relative to `root`; None: nothing, wherever else the path may lead.

    Raises OSError: the root cannot be listed.
    """
    first = path.parts[0] if path.parts else ""
    if is_ignored(first) or first not in os.listdir(root):
        return None
    return next((item for item in _look(root, PurePath(first)) if item.path == path), None)


def is_ignored(name: str) -> bool:
    """Whether a file or folder of that name is passed over in silence."""
    suffix = PurePath(name).suffix.lower()
    return name.startswith(".") or name.endswith("~") or suffix in _COPYING_SUFFIXES | _NOTES_SUFFIXES


def _look(root: Path, path: PurePath) -> list[FolderItem]:
    try:
        status = os.lstat(root / path)
        if stat.S_ISLNK(status.st_mode):
            if not stays_in(root, root / path) and not os.path.samefile(root, root / path):
                return [_bad(path, _LEAVES)]
            status = os.stat(root / path)
    except FileNotFoundError:
        return [_bad(path, "a symbolic link to nothing")] if (root / path).is_symlink() else []
    except OSError as error:
        return [_bad(path, _cause(error))]
    if not stat.S_ISDIR(status.st_mode):
        return [_classify(path, status)]
    if len(path.parts) > 1 or path.suffix.lower() in PHOTO_SUFFIXES:
        return [_bad(path, "a folder, not a photo; a person's folder lies directly in faces/")]
    try:
        if os.path.samefile(root, root / path):
            return [_bad(path, "a link to the photo folder itself")]
        names = sorted(os.listdir(root / path))
    except OSError as error:
        return [_bad(path, _cause(error))]
    return [item for name in names if not is_ignored(name) for item in _look(root, path / name)]


def stays_in(root: Path, link: Path) -> bool:
    """Whether it leads to something in the folder. Of what lies elsewhere nothing is read, listed or told:
    the server may see folders that whoever made the link may not."""
    return os.path.realpath(link).startswith(os.path.realpath(root).rstrip(os.sep) + os.sep)


def _classify(path: PurePath, status: os.stat_result) -> FolderItem:
    signature = Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    if not stat.S_ISREG(status.st_mode):
        return BadFile(path, "not a regular file", signature)
    if path.suffix.lower() not in PHOTO_SUFFIXES:
        return BadFile(path, _NOT_A_PHOTO, signature)
    try:
        return PhotoFile(path, person_name(path), signature)
    except ValueError as error:
        return BadFile(path, str(error), signature)


def _bad(path: PurePath, detail: str) -> BadFile:
    return BadFile(path, detail, Signature(0, 0, 0, 0))


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def read_photo(path: Path) -> bytes:
    """The content of a regular file of at most `MAX_FILE_BYTES`. Raises ReadError."""
    try:
        with open(path, "rb", opener=osdep.not_waiting_opener) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ReadError("not a regular file")
            if status.st_size > MAX_FILE_BYTES:
                raise ReadError(f"the file has {status.st_size} bytes; at most {MAX_FILE_BYTES} are read")
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise ReadError(_cause(error)) from error
