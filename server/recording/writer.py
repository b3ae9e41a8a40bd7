"""Recordings on their way to the disk: a file for each session and day, and for other rules another one."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server.access.rules import Rules
from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.files import SUFFIX
from server.recording.format import pack, pack_header, rules_as_text
from server.recording.wrapping import Wrapping
from server.support.cipher import Cipher
from server.support.private_files import open_private, private_folder

RESERVE_BYTES = 500 << 20
"""So much stays free: without an access log, on the same disk, all are denied."""
CHECK_BYTES = 8 << 20
"""After so many bytes written the disk is looked at again."""


@dataclass
class _OpenFile:
    path: Path
    file: IO[bytes]
    wrapping: Wrapping

    @classmethod
    def at(cls, path: Path, cipher: Cipher | None) -> tuple["_OpenFile", bool]:
        """The file at this path, and whether it is begun just now. Raises OSError."""
        file = open_private(path, "ab")
        try:
            is_new = file.tell() == 0
            if is_new:
                wrapping = Wrapping.new(cipher)
                _append(file, wrapping.beginning)
            else:
                with path.open("rb") as begun:
                    wrapping = Wrapping.of(begun, cipher)
        except BaseException:
            file.close()
            raise
        return cls(path, file, wrapping), is_new

    def append(self, record: bytes) -> None:
        """`record`: with its length. Raises OSError."""
        _append(self.file, self.wrapping.wrap(record, self.file.tell()))


def free_bytes(folder: Path) -> int:
    """What is left on the disk. Raises OSError."""
    return shutil.disk_usage(folder).free


class RecordingWriter:
    """Appends records to the files of the sessions that are going on."""

    def __init__(
        self,
        folder: Path,
        run: str,
        free: Callable[[Path], int] = free_bytes,
        cipher: Cipher | None = None,
    ) -> None:
        """`folder`: made where it is missing, private. `run`: for the headers. `cipher`: encrypts what is
        written. Raises OSError."""
        private_folder(folder)
        self._folder = folder
        self._cipher = cipher
        self._run = run
        self._free = free
        self._unchecked = 0
        self._numbers: dict[Rules, int] = {}
        """Of all rules that have held in this run, in that order."""
        self._files: dict[str, _OpenFile] = {}

    def append(self, session: str, terminal: str, entry: RecordedEntry, rules: Rules) -> None:
        """`rules`: the settings' that held for this entry. Raises OSError: among others, the disk is nearly
        full."""
        data = pack(entry)
        if self._unchecked <= 0:
            self._check_reserve()
        self._unchecked -= len(data)
        self._file(session, terminal, entry, rules).append(data)

    def close(self, session: str) -> None:
        """The session's file is not needed for the time being."""
        known = self._files.pop(session, None)
        if known is not None:
            known.file.close()

    def close_all(self) -> None:
        for session in list(self._files):
            self.close(session)

    def _file(self, session: str, terminal: str, entry: RecordedEntry, rules: Rules) -> "_OpenFile":
        """The session's file of that day and these rules."""
        number = self._numbers.setdefault(rules, len(self._numbers))
        name = f"{session}-{number}{SUFFIX}" if number else f"{session}{SUFFIX}"
        path = self._folder / entry.what.moment.date().isoformat() / name
        known = self._files.get(session)
        if known is not None and known.path == path:
            return known
        self.close(session)
        private_folder(path.parent)
        file, is_new = _OpenFile.at(path, self._cipher)
        self._files[session] = file
        if is_new:
            header = RecordingHeader(
                run=self._run,
                session=session,
                terminal=terminal,
                first=entry.number,
                moment=entry.what.moment,
                rules=rules_as_text(rules),
            )
            file.append(pack_header(header))
        return file

    def _check_reserve(self) -> None:
        free = self._free(self._folder)
        if free < RESERVE_BYTES:
            raise OSError(f"only {free >> 20} MB are free in {self._folder}; the access log needs them")
        self._unchecked = CHECK_BYTES


def _append(file: IO[bytes], data: bytes) -> None:
    written = file.write(data)
    if written != len(data):
        raise OSError(f"only {written} of {len(data)} bytes could be written")
