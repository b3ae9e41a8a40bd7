"""A whole site as one zip: the photos, people.toml, the history, and a manifest that vouches for all of them.

Written from one end to the other, so that it can be sent while it is made. With a passphrase each entry is
encrypted (WinZip's AES-256, which 7-Zip opens), and photos have numbers in place of names: the directory of a
zip is not encrypted.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED

import pyzipper
from pydantic import BaseModel, ConfigDict, Field

from server.gallery.folder import PhotoFile, ReadError, read_photo, scan
from server.site.errors import Kind, SiteError
from server.site.file_names import portable

FORMAT = "doorward-site"
VERSION = 1
MANIFEST, PEOPLE, PHOTOS, HISTORY = "manifest.json", "people.toml", "photos/", "history/"
"""Names of entries, and how those of photos and of tables begin."""
TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
PASSPHRASE_CHARS = 12
"""A shorter one is guessed too soon: WinZip's encryption takes little time to try."""
_OWNER_ONLY = 0o100600 << 16

Row: TypeAlias = Mapping[str, object]


class Entry(BaseModel):
    """What the manifest says of an entry."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """`entries`: all others, by name. `photos`: the entry of each, by its path relative to faces/. `made`:
    when, with the offset to UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    version: int
    made: datetime
    entries: dict[str, Entry]
    photos: dict[str, str]


class Exported(NamedTuple):
    """What is in an archive. `skipped`: photos that could not be read or have no text as a name, and why."""

    photos: int
    rows: int
    skipped: tuple[str, ...]


def export(
    faces: Path,
    people: bytes | None,
    tables: Mapping[str, Iterable[Row]],
    file: BinaryIO,
    *,
    moment: datetime,
    passphrase: str | None = None,
) -> Exported:
    """Write an archive to `file`, which need not be seekable.

    `people`: the content of people.toml; None where there is none. `tables`: the rows of each by its name,
    plain values, dates and times. `moment`: now, with its offset. Raises SiteError; OSError: `file` or faces/
    fails.
    """
    if passphrase is not None and len(passphrase) < PASSPHRASE_CHARS:
        raise SiteError(Kind.REFUSED, f"a passphrase has at least {PASSPHRASE_CHARS} characters")
    with pyzipper.AESZipFile(file, "w") as zipped:
        if passphrase is not None:
            zipped.setpassword(passphrase.encode())
            zipped.setencryption(pyzipper.WZ_AES, nbits=256)
        writer = _Writer(zipped, moment, encrypted=passphrase is not None)
        if people is not None:
            writer.write(PEOPLE, [people])
        writer.write_photos(faces)
        rows = sum(writer.write_table(name, table) for name, table in tables.items())
        manifest = Manifest(
            format=FORMAT, version=VERSION, made=moment, entries=writer.entries, photos=writer.photos
        )
        writer.write(MANIFEST, [manifest.model_dump_json(indent=1).encode()])
    return Exported(len(writer.photos), rows, tuple(writer.skipped))


@dataclass
class _Writer:
    """Writes entries, and remembers what the manifest is to say of them."""

    zipped: pyzipper.AESZipFile
    moment: datetime
    encrypted: bool
    entries: dict[str, Entry] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def write(self, name: str, content: Iterable[bytes], method: int = ZIP_DEFLATED) -> None:
        sha256, size = hashlib.sha256(), 0
        info = self.zipped.zipinfo_cls(name, self.moment.timetuple()[:6])
        info.compress_type = method
        info.external_attr = _OWNER_ONLY
        with self.zipped.open(info, "w", force_zip64=True) as entry:
            for data in content:
                sha256.update(data)
                size += len(data)
                entry.write(data)
        self.entries[name] = Entry(sha256=sha256.hexdigest(), size=size)

    def write_photos(self, faces: Path) -> None:
        photos = [item for item in scan(faces) if isinstance(item, PhotoFile)]
        for number, photo in enumerate(photos, 1):
            path = photo.path.as_posix()
            try:
                path.encode()
                data = read_photo(faces / photo.path)
            except (ReadError, UnicodeEncodeError) as error:
                why = "its name is no text" if isinstance(error, UnicodeEncodeError) else str(error)
                self.skipped.append(f"{path!a}: {why}")
                continue
            named = portable(photo.path) and not self.encrypted
            name = f"{PHOTOS}{path if named else f'{number:06}{photo.path.suffix}'}"
            self.write(name, [data], ZIP_STORED)
            self.photos[path] = name

    def write_table(self, name: str, rows: Iterable[Row]) -> int:
        """A line of JSON for each row; returns how many."""
        if not TABLE.fullmatch(name):
            raise ValueError(f"{name!a} is no name of a table")
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                yield json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n"

        self.write(f"{HISTORY}{name}.jsonl", lines())
        return count


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be exported")
