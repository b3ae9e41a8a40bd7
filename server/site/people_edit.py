"""Changes people.toml: as a whole or not at all, and never over what somebody else has written meanwhile."""

import hashlib
import os
import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

from server.access.orders import EMPTY, Roster
from server.roster.people_file import PeopleFileError, parse
from server.site.errors import Kind, SiteError, cause
from server.site.people_changes import Change
from server.site.placing import put, put_over, write_aside
from server.site.toml_text import Content, rewritten
from server.support import toml_file
from server.support.file_access import WRITE, barred
from server.support.toml_file import MAX_FILE_BYTES, TomlError, document

ABSENT = "absent"
"""The ETag where there is no file."""
_MARK = b"\xef\xbb\xbf"
"""Which Windows editors put at the start."""


class Stored(NamedTuple):
    """What stands in the file. `etag`: sha256 of its bytes, or `ABSENT`. `data`: empty as well where there is
    none."""

    etag: str
    roster: Roster
    data: bytes


class PeopleFile:
    """The file that the administrator writes by hand, too. Safe to use from several threads."""

    def __init__(self, path: Path, in_force: Callable[[], Roster]) -> None:
        """`in_force`: what the server goes by at this moment."""
        self.path = path
        self._in_force = in_force
        self._lock = threading.Lock()

    def read(self) -> Stored:
        """Raises SiteError: it cannot be used as it is."""
        data = self._read()
        return Stored(_etag(data), self._parsed(data), data or b"")

    def edit(self, *changes: Change, expected: str | None = None) -> Stored:
        """Make the changes; returns what stands in the file now. `expected`: the ETag that it must have.
        Raises SiteError: nothing has changed."""
        with self._lock:
            data = self._read()
            if expected not in (None, _etag(data)):
                raise self._conflict()
            roster = self._parsed(data)
            new = data or b""
            for change in changes:
                new = self.changed(new, change)
            if new == (data or b""):
                return Stored(_etag(data), roster, new)
            roster = self._roster_of(new, "that cannot be laid down")
            self._replace(data, new)
            return Stored(_etag(new), roster, new)

    def replace(self, new: bytes, expected: str | None = None) -> Stored:
        """Put another content in the place of the present one, whatever that is. Otherwise as `edit`."""
        with self._lock:
            data = self._read()
            if expected not in (None, _etag(data)):
                raise self._conflict()
            roster = self._roster_of(new, "that cannot be laid down")
            if new == (data or b""):
                return Stored(_etag(data), roster, new)
            self._replace(data, new)
            return Stored(_etag(new), roster, new)

    def _read(self) -> bytes | None:
        try:
            return toml_file.read(self.path)
        except FileNotFoundError:
            return None
        except TomlError as error:
            raise SiteError(Kind.REFUSED, f"{self.path} cannot be used: {error}") from error

    def _parsed(self, data: bytes | None) -> Roster:
        if data is None and self._in_force() != EMPTY:
            sentence = f"{self.path} is gone, and its last good content is in force: put it back first"
            raise SiteError(Kind.REFUSED, sentence)
        return self._roster_of(data or b"", f"{self.path} cannot be used; correct it by hand first")

    def _roster_of(self, data: bytes, complaint: str) -> Roster:
        if len(data) > MAX_FILE_BYTES:
            sentence = f"{self.path} would have {len(data)} bytes; at most {MAX_FILE_BYTES} are read"
            raise SiteError(Kind.TOO_LARGE, sentence)
        try:
            return parse(data)
        except PeopleFileError as error:
            raise SiteError(Kind.REFUSED, f"{complaint}: {'; '.join(error.problems)}") from error

    def changed(self, data: bytes, change: Change) -> bytes:
        """Another content of the file, with a change made in it. Raises SiteError; also when it is written in
        a way that only a person can change."""
        before = document(data)
        after = deepcopy(before)
        change(after)
        if after == before:
            return data
        mark = _MARK if data.startswith(_MARK) else b""
        try:
            new = mark + rewritten(data.decode("utf-8-sig"), before, after).encode()
            if _filled(document(new)) == _filled(after):
                return new
        except (TomlError, ValueError, KeyError, TypeError):  # tomlkit's own are among them
            pass
        sentence = f"{self.path} is written in a way that cannot be changed here; change it by hand"
        raise SiteError(Kind.REFUSED, sentence)

    def _replace(self, data: bytes | None, new: bytes) -> None:
        target = Path(os.path.realpath(self.path))
        if data is not None and (why := barred(target, WRITE)):
            raise SiteError(Kind.REFUSED, why)
        aside: Path | None = None
        try:
            aside = write_aside(target.parent, new)
            if self._read() != data:
                raise self._conflict()
            if data is None:
                put(aside, target)
            else:
                put_over(aside, target)
            aside = None
        except FileExistsError:
            raise self._conflict() from None
        except OSError as error:
            raise SiteError(Kind.REFUSED, f"{target} cannot be replaced: {cause(error)}") from error
        finally:
            if aside is not None:
                aside.unlink(missing_ok=True)

    def _conflict(self) -> SiteError:
        return SiteError(Kind.CONFLICT, f"{self.path} has been changed meanwhile; look at it and try again")


def _filled(content: Content) -> Content:
    """Without sections that have no entry."""
    return {key: value for key, value in content.items() if value != {}}


def _etag(data: bytes | None) -> str:
    return ABSENT if data is None else hashlib.sha256(data).hexdigest()
