"""Whom a name stands for here: how they look, and who else is called alike."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import RECOGNISERS
from server.access.matching.templates import Template, template
from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.access_log import NAMED
from server.audit.line import unquoted
from server.audit.log_files import BROKEN, raw_lines, rotations_of
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.operator_log import ActKind
from server.audit.operator_log import parse as parse_act
from server.audit.trail import ENROLMENT_LOG
from server.gallery.cache import EmbeddingCache
from server.gallery.folder import PhotoFile, ReadError, read_photo, scan
from server.gallery.receipt_writer import NAMED as RECEIPT


@dataclass(frozen=True)
class Looks:
    """`hashes`: the sha256 of a person's photos. `rows`: pipeline -> float32[n, 128]."""

    hashes: frozenset[str] = frozenset()
    rows: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def templates(self) -> dict[str, Template]:
        """By the recogniser."""
        return {
            recogniser.name: template(rows)
            for pipeline, rows in self.rows.items()
            for recogniser in RECOGNISERS.values()
            if pipeline.startswith(recogniser.pipeline)
        }

    @property
    def as_bytes(self) -> tuple[bytes, ...]:
        """As the files have them."""
        return tuple(row.astype("<f4").tobytes() for rows in self.rows.values() for row in rows)


def hashes_of(faces: Path, person: str) -> frozenset[str]:
    """The sha256 of the photos that are named after a person, as far as they can be read. Raises OSError."""
    found = set()
    for item in scan(faces):
        if isinstance(item, PhotoFile) and item.person == person:
            with contextlib.suppress(ReadError):
                found.add(hashlib.sha256(read_photo(faces / item.path)).hexdigest())
    return frozenset(found)


def looks_of(faces: Path, cache: EmbeddingCache, person: str) -> Looks:
    """How a person looks, by the photos that are there and those that the cache remembers. Raises OSError,
    sqlite3.Error."""
    hashes = frozenset(cache.hashes_of(person)) | hashes_of(faces, person)
    return Looks(hashes, cache.looks(hashes))


def named_in_logs(logs: Path) -> set[str]:
    """Everybody whom a line of the access log or of the enrolment log is about. Raises OSError: the folder
    cannot be read."""
    found: set[bytes] = set()
    for log, pattern in ((ACCESS_LOG, NAMED), (ENROLMENT_LOG, RECEIPT)):
        lines = _lines(logs, log)
        found |= {named["name"] for line in lines if (named := pattern.match(line)) is not None}
    return set(_readable(found))


def former_names(logs: Path, name: str) -> set[str]:
    """What the person was called before, as far as the operator log tells. Raises OSError: the folder cannot
    be read."""
    found = set()
    for line in _lines(logs, OPERATOR_LOG):
        if ActKind.PERSON_RENAMED.value.encode() in line:
            try:
                act = parse_act(line.decode().rstrip())
            except ValueError:
                continue
            if act.details.get("to") == name and act.subject not in (None, name):
                found.add(str(act.subject))
    return found


def _lines(logs: Path, log: str) -> Iterator[bytes]:
    """Of a log and all its rotations, each as far as it can be read."""
    for path in rotations_of(logs, Path(log).stem):
        with contextlib.suppress(*BROKEN):
            yield from raw_lines(path)


def _readable(names: Iterable[bytes]) -> Iterator[str]:
    for name in names:
        try:
            yield unquoted(name.decode())
        except ValueError:
            continue
