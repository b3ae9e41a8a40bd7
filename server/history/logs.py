"""The logs that the history is made of: found with their rotations, and read line by line."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Table

from server.audit.access_log import parse as parse_decision
from server.audit.log_files import BROKEN, raw_lines, rotations_of, why
from server.audit.operator_log import parse as parse_act
from server.history.rows import Row, act_row, decision_row
from server.history.tables import ACT, DECISION

NAMES = ("access_log", "operator_log")
"""In the logs folder; the suffix and what a rotation adds stand behind it."""


class LogLine(NamedTuple):
    """One line that tells of something."""

    path: Path
    number: int
    table: Table
    row: Row


@dataclass
class Logs:
    """Several files, read one after the other, and what has become of the lines that are not given.

    `since`: milliseconds since 1970; lines of before then are `old`. `repeated`: lines that stood before,
    which copytruncate and its mending leave. `unreadable`: the numbers of what is no line, in each file.
    `broken`: why a file could not be read to its end.
    """

    since: int
    old: int = 0
    repeated: int = 0
    unreadable: dict[Path, list[int]] = field(default_factory=dict)
    broken: dict[Path, str] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def lines(self, paths: Sequence[Path]) -> Iterator[LogLine]:
        """Those that count, in order."""
        for path in paths:
            for number, data in self._numbered(path):
                try:
                    table, row = read_line(data)
                except ValueError:
                    self.unreadable.setdefault(path, []).append(number)
                    continue
                if self._counts(data, row):
                    yield LogLine(path, number, table, row)

    def _counts(self, data: bytes, row: Row) -> bool:
        if row["moment"] < self.since:
            self.old += 1
            return False
        mark = hashlib.blake2b(data, digest_size=12).digest()
        if mark in self._seen:
            self.repeated += 1
            return False
        self._seen.add(mark)
        return True

    def _numbered(self, path: Path) -> Iterator[tuple[int, bytes]]:
        try:
            for number, line in enumerate(raw_lines(path), 1):
                if stripped := line.rstrip(b"\r\n"):
                    yield number, stripped
        except BROKEN as error:
            self.broken[path] = why(error)


def rotations(folder: Path) -> list[Path]:
    """The access log and the operator log with their rotations, compressed or not, oldest first. Raises
    OSError."""
    return oldest_first(rotations_of(folder, NAMES))


def oldest_first(paths: Sequence[Path]) -> list[Path]:
    """By the time of the first line that can be read, whatever they are called."""
    return sorted(paths, key=lambda path: (_first_moment(path), path))


def read_line(data: bytes) -> tuple[Table, Row]:
    """A line of either log, without its end, and the table it belongs to. Raises ValueError: it is none."""
    text = data.decode()
    try:
        fields = parse_decision(text)
    except ValueError:
        return ACT, act_row(parse_act(text))
    return DECISION, decision_row(fields)


def _first_moment(path: Path) -> float:
    """Milliseconds since 1970; infinite: no line can be read."""
    for line in Logs(since=-(2**63)).lines([path]):
        return float(line.row["moment"])
    return float("inf")
