"""What still tells of a person, in files and in the database: looked for, not trusted to be gone."""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

import server.accounts.tables
import server.history.tables
import server.tokens.tables  # noqa: F401
from server.audit.log_files import BROKEN, raw_lines, why
from server.database.schema import METADATA
from server.forgetting.spelling import Person
from server.gallery.folder import stays_in
from server.recording.erasing import names
from server.recording.files import SUFFIX, Recording
from server.recording.format import FormatError
from server.support.cipher import Cipher

CHUNK_BYTES = 1 << 20
SHOWN_LINES = 5
"""Of each file."""
_TEXT = (".txt", ".toml", ".md", ".jsonl", ".log", ".json", ".gz")
_NAMES_NOBODY = frozenset({".lock", "seal.key", "seal.last", "pseudonym.key", "encryption.check"})


@dataclass(frozen=True)
class Traces:
    """`hashes`: the sha256 of the person's photos. `looks`: what embeddings of theirs are, as bytes."""

    person: Person
    hashes: frozenset[str] = frozenset()
    looks: tuple[bytes, ...] = ()


def in_files(folders: Sequence[Path], traces: Traces, cipher: Cipher | None = None) -> list[str]:
    """Where something is found, or may be and cannot be looked at, each as a sentence. Links are not
    followed; those that lead out of the folders are told. `cipher`: for recordings that are encrypted."""
    files = ((folder, path) for folder in folders for path in _files(folder))
    found = (told for folder, path in files for told in _in_file(folder, path, folders, traces, cipher))
    return list(dict.fromkeys(found))  # one folder may lie in the other


def in_database(connection: Connection, person: Person) -> list[str]:
    """The same of all tables. Raises sqlalchemy.exc.SQLAlchemyError."""
    found = []
    for table in METADATA.sorted_tables:
        columns = [each for each in table.c if each.type.python_type is str]
        if columns:
            rows = connection.execute(select(*columns))
            count = sum(any(value and person.is_in(value) for value in row) for row in rows)
            if count:
                found.append(f"the database: {count} rows of {table.name}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in sorted([*files, *links]))


def _in_file(
    folder: Path, path: Path, folders: Sequence[Path], traces: Traces, cipher: Cipher | None
) -> Iterator[str]:
    if traces.person.is_in(path.relative_to(folder).as_posix()):
        yield f"{path}: it is called so"
    if path.is_symlink() and not any(stays_in(each, path) for each in folders):
        yield f"{path}: it is a link, and what it leads to is not looked at"
    if path.is_symlink() or not path.is_file() or path.name in _NAMES_NOBODY:
        return
    try:
        if path.suffix == SUFFIX:
            yield from _in_recording(path, traces.person, cipher)
        elif _is_text(path):
            yield from _in_lines(path, traces)
        yield from _in_bytes(path, traces)
    except (FormatError, *BROKEN, zlib.error) as error:
        yield f"{path}: it cannot be looked at: {why(error)}"


def _is_text(path: Path) -> bool:
    """Logs by their names, whatever a rotation has put behind them."""
    return any(f"{suffix}." in f"{path.name}." or f"{suffix}-" in path.name for suffix in _TEXT)


def _in_lines(path: Path, traces: Traces) -> Iterator[str]:
    numbers = [
        number
        for number, line in enumerate(raw_lines(path), 1)
        if _says(line.decode("utf-8", "surrogateescape"), traces)
    ]
    if numbers:
        shown = ", ".join(map(str, numbers[:SHOWN_LINES]))
        more = f" and {len(numbers) - SHOWN_LINES} more" if len(numbers) > SHOWN_LINES else ""
        yield f"{path}: line{'' if len(numbers) == 1 else 's'} {shown}{more}"


def _says(line: str, traces: Traces) -> bool:
    return traces.person.is_in(line) or any(each in line for each in traces.hashes)


def _in_recording(path: Path, person: Person, cipher: Cipher | None) -> Iterator[str]:
    recording = Recording(path, cipher)
    count = sum(person.name in names(entry) for entry in recording.entries())
    if count:
        yield f"{path}: {count} records"


def _in_bytes(path: Path, traces: Traces) -> Iterator[str]:
    """Also in parts of a database's file that hold nothing any more."""
    needles = [*traces.looks, *(each.encode() for each in traces.hashes)]
    raw = () if _is_text(path) or path.suffix == SUFFIX else traces.person.raw
    others = [other.encode() for other in traces.person.others]
    longest = max(map(len, [*needles, *raw, *others]), default=1)
    digest, before, found = hashlib.sha256(), b"", False
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            window = before + chunk
            found = found or any(needle in window for needle in needles) or _names(window, raw, others)
            before = window[-longest:]
    if found:
        yield f"{path}: inside the file, as in the caption of a photo"
    if digest.hexdigest() in traces.hashes:
        yield f"{path}: it is one of the photos"


def _names(window: bytes, raw: Iterable[bytes], others: Sequence[bytes]) -> bool:
    """Whether one stands there that is not part of another's."""
    for name in raw:
        longer = sum(window.count(other) for other in others if name in other)
        if window.count(name) > longer:
            return True
    return False
