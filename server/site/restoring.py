"""Opens an archive of a site, and believes nothing of it that has not been checked."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, BinaryIO

import pyzipper
from pydantic import ValidationError

from server.gallery.folder import MAX_FILE_BYTES, is_ignored
from server.gallery.names import PHOTO_SUFFIXES
from server.roster.people_file import PeopleFileError, parse
from server.site.archive import FORMAT, HISTORY, MANIFEST, PEOPLE, PHOTOS, TABLE, VERSION, Manifest
from server.site.errors import Kind, SiteError
from server.site.file_names import portable
from server.site.zip_reading import ENCRYPTED, Allowance, chunks, open_zip
from server.support.toml_file import MAX_FILE_BYTES as MAX_PEOPLE_BYTES

MAX_PHOTOS = 50_000
MAX_BYTES = 50_000_000_000
"""Of all entries, unpacked."""
MAX_MANIFEST_BYTES = 20_000_000
DIRECTORY_BYTES = 16_000_000
MAX_LINE_BYTES = 1_000_000
"""Of a row of the history."""


class Archive:
    """An archive that was checked as a whole: what is in it is what was exported.

    `photos`: the sha256 of each by its path relative to faces/. `people`: people.toml, None: there was none.
    `tables`: names of those of the history.
    """

    def __init__(self, zipped: Any, manifest: Manifest) -> None:
        self._zipped = zipped
        self._manifest = manifest
        self.photos: Mapping[PurePath, str] = {
            PurePath(path): manifest.entries[name].sha256 for path, name in manifest.photos.items()
        }
        self.tables = [
            name.removeprefix(HISTORY).removesuffix(".jsonl")
            for name in manifest.entries
            if name.startswith(HISTORY)
        ]

    @property
    def people(self) -> bytes | None:
        """Raises SiteError: the file has changed since it was checked. So do `photo` and `rows`."""
        return self._read(PEOPLE) if PEOPLE in self._manifest.entries else None

    @property
    def size(self) -> int:
        """Bytes of all photos."""
        return sum(self._manifest.entries[name].size for name in self._manifest.photos.values())

    def photo(self, path: PurePath) -> bytes:
        return self._read(self._manifest.photos[path.as_posix()])

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Those of a table, as they were exported: dates and times are texts."""
        return _rows(self._content(f"{HISTORY}{table}.jsonl"))

    def check(self) -> None:
        """Read everything. Raises SiteError."""
        for name in self._manifest.entries:
            if name.startswith(HISTORY):
                for _ in _rows(self._content(name)):
                    pass
            else:
                for _ in self._content(name):
                    pass
        if self.people is not None:
            try:
                parse(self.people)
            except PeopleFileError as error:
                problems = "; ".join(error.problems)
                raise SiteError(
                    Kind.REFUSED, f"{PEOPLE} in the archive cannot be used: {problems}"
                ) from error

    def _read(self, name: str) -> bytes:
        return b"".join(self._content(name))

    def _content(self, name: str) -> Iterator[bytes]:
        """Raises SiteError after the last byte, when they are others than the manifest says."""
        sha256 = hashlib.sha256()
        for data in chunks(self._zipped, self._zipped.getinfo(name)):
            sha256.update(data)
            yield data
        if sha256.hexdigest() != self._manifest.entries[name].sha256:
            raise SiteError(Kind.REFUSED, f"{name!a} in the archive is not what the manifest says")


def open_archive(file: BinaryIO, passphrase: str | None = None) -> Archive:
    """Check an archive: takes about as long as reading it. Nothing is written. Raises SiteError."""
    zipped = open_zip(file, Allowance(DIRECTORY_BYTES), pyzipper.AESZipFile)
    infos = zipped.infolist()
    encrypted = {bool(info.flag_bits & ENCRYPTED) for info in infos}
    if encrypted == {True, False} or (encrypted == {False} and passphrase is not None):
        raise SiteError(Kind.REFUSED, "not everything in the archive is encrypted")
    if encrypted == {True} and passphrase is None:
        raise SiteError(Kind.REFUSED, "the archive is encrypted: its passphrase is needed")
    zipped.setpassword(passphrase.encode() if passphrase else None)
    if sum(info.file_size for info in infos) > MAX_BYTES:
        raise SiteError(Kind.TOO_LARGE, f"the archive holds more than {MAX_BYTES} bytes")
    manifest = _manifest(zipped, encrypted == {True})
    _check_directory(infos, manifest)
    archive = Archive(zipped, manifest)
    archive.check()
    return archive


def _manifest(zipped: Any, encrypted: bool) -> Manifest:
    info = zipped.NameToInfo.get(MANIFEST)
    if info is None:
        raise SiteError(Kind.REFUSED, "this is no archive of a site: it has no manifest")
    if info.file_size > MAX_MANIFEST_BYTES:
        raise SiteError(Kind.TOO_LARGE, "the archive's manifest is too large")
    try:
        manifest = Manifest.model_validate_json(b"".join(chunks(zipped, info)))
    except SiteError as error:
        why = "the passphrase is wrong, or the archive is damaged" if encrypted else str(error)
        raise SiteError(Kind.REFUSED, why) from error
    except ValidationError as error:
        raise SiteError(Kind.REFUSED, "the archive's manifest is none that is known") from error
    if (manifest.format, manifest.version) != (FORMAT, VERSION):
        raise SiteError(Kind.REFUSED, "the archive is of another version, which cannot be read here")
    return manifest


def _check_directory(infos: list[Any], manifest: Manifest) -> None:
    """Raises SiteError: the manifest and the entries do not fit, or are none that are written here."""
    names = Counter(info.filename for info in infos)
    if names != Counter([MANIFEST, *manifest.entries]):
        raise SiteError(Kind.REFUSED, "the archive does not hold just what its manifest says")
    if any(info.filename in manifest.entries and _wrong_size(info, manifest) for info in infos):
        raise SiteError(Kind.REFUSED, "the archive has entries of other sizes than its manifest says")
    photos = {name for name in manifest.entries if name.startswith(PHOTOS)}
    if sorted(manifest.photos.values()) != sorted(photos):
        raise SiteError(Kind.REFUSED, "the archive's photos are not those that its manifest names")
    if len(photos) > MAX_PHOTOS:
        raise SiteError(Kind.TOO_LARGE, f"the archive has more than {MAX_PHOTOS} photos")
    tables = {name for name in manifest.entries if name.startswith(HISTORY) and name.endswith(".jsonl")}
    for name in tables:
        if not TABLE.fullmatch(name.removeprefix(HISTORY).removesuffix(".jsonl")):
            raise SiteError(Kind.REFUSED, f"the archive has a table {name!a}")
    if unknown := set(manifest.entries) - photos - tables - {PEOPLE}:
        raise SiteError(Kind.REFUSED, f"the archive has an entry {min(unknown)!a}, of no known kind")
    _check_paths(manifest)


def _wrong_size(info: Any, manifest: Manifest) -> bool:
    name = str(info.filename)
    limit = MAX_FILE_BYTES if name.startswith(PHOTOS) else MAX_PEOPLE_BYTES if name == PEOPLE else MAX_BYTES
    return bool(info.file_size != manifest.entries[name].size or info.file_size > limit)


def _check_paths(manifest: Manifest) -> None:
    """Raises SiteError: a photo would not lie where photos do."""
    for text in manifest.photos:
        path = PurePath(text)
        plain = (
            path.as_posix() == text and not path.is_absolute() and ".." not in path.parts and "\0" not in text
        )
        photo = 1 <= len(path.parts) <= 2 and path.suffix.lower() in PHOTO_SUFFIXES
        usable = os.name == "posix" or portable(path)
        if not (plain and photo and usable) or any(map(is_ignored, path.parts)):
            raise SiteError(Kind.REFUSED, f"the archive has a photo {text!a}, which could not lie in faces/")


def _rows(content: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Raises SiteError: a line is no JSON object."""
    rest = b""
    for data in content:
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            break
        yield from map(_row, lines)
    if rest:
        raise SiteError(Kind.REFUSED, "the archive's history is damaged")


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise SiteError(Kind.REFUSED, "the archive's history is damaged")
    return row
