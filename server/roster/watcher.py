"""Keeps the roster in step with people.toml; a file that cannot be used never loosens anything."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from server.access.orders import EMPTY, Roster
from server.roster.backup import Backup
from server.roster.people_file import PeopleFileError, parse
from server.support import toml_file
from server.support.complaint import Complaint
from server.support.errors import StartError
from server.support.toml_file import TomlError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""Pause between two looks at the file, as for the photos beside it. Each look reads it: times and sizes may
stay the same when the content changes."""
SETTLE_SECONDS = 1.0
"""A change counts when it has stood for this long: half a file may be valid, and an empty one lifts all
limits."""

_GONE = "there is no such file; to lift all limits put an empty one there"
_Content: TypeAlias = bytes | str
"""What a look at the file found: its bytes, or in words why there are none."""


class PeopleFileWatcher:
    """Owns the roster in force: that of the last content of the file that was valid as a whole."""

    def __init__(
        self,
        path: Path,
        backup: Path,
        *,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`path`: people.toml. `backup`: where its last good content is kept. `on_change` is called whenever
        another content has come into force."""
        self._path = path
        self._on_change = on_change
        self._clock = clock
        self._sleep = sleep
        self._backup_path = backup
        self._backup = Backup(backup)
        self._roster = EMPTY
        self._good: bytes | None = None
        self._saved: bytes | None = None
        self._unsaved = Complaint(log)
        self._checked: _Content = _GONE
        self._seen: tuple[_Content, float] = (_GONE, 0.0)

    @property
    def roster(self) -> Roster:
        """The roster in force; another object only when another content came into force."""
        return self._roster

    async def load(self) -> None:
        """Take the file as it is; where it is missing or cannot be used, its last good content.

        Without either there are no limits. Raises StartError: what was laid down cannot be told any more.
        """
        self._checked = await asyncio.to_thread(_read, self._path)
        self._seen = self._checked, self._clock()
        try:
            await self._take_over(self._checked)
        except PeopleFileError as error:
            await self._fall_back(error)
        await self._save()

    async def watch(self) -> None:
        """Follow the file for ever."""
        while True:
            await self._sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at the file once, and bring its content into force when it has settled and is valid."""
        content = await asyncio.to_thread(_read, self._path)
        if self._settled(content):
            self._checked = content
            try:
                await self._take_over(content)
            except PeopleFileError as error:
                self._tell(error, "what was in force before stays in force")
        await self._save()

    def _settled(self, content: _Content) -> bool:
        """Whether the content is another than the one judged last, and no longer being written."""
        now = self._clock()
        if content != self._seen[0]:
            self._seen = content, now
        return content != self._checked and now - self._seen[1] >= SETTLE_SECONDS

    async def _take_over(self, content: _Content) -> None:
        """Bring a content into force. Raises PeopleFileError: it cannot be used."""
        if isinstance(content, str):
            raise PeopleFileError([content])
        self._roster = await asyncio.to_thread(parse, content)
        self._good = content
        self._on_change()
        log.info("%s is in force: %s", self._path, self._roster.summary())

    async def _fall_back(self, error: PeopleFileError) -> None:
        """Start with the last good content. Raises StartError."""
        missing = self._checked == _GONE
        try:
            kept = await asyncio.to_thread(self._backup.read)
            if kept is None and not missing:
                raise StartError(f"{problems(self._path, error)}\ncorrect it, or empty it to lift all limits")
            if kept is None:
                return
            self._roster = await asyncio.to_thread(parse, kept)
        except (OSError, PeopleFileError) as worse:
            raise StartError(
                f"{problems(self._path, error)}\nnor can its last good content, {self._backup_path}: {worse}"
                "\ncorrect the first, or put an empty file there to lift all limits"
            ) from worse
        if not (missing and self._roster == EMPTY):
            kept_is = f"{self._backup_path}: {self._roster.summary()}"
            self._tell(error, f"in force is its last good content, {kept_is}")

    async def _save(self) -> None:
        """Keep the last good content on disk; where that fails it is tried again at each look."""
        if self._good is None or self._good == self._saved:
            return
        try:
            await asyncio.to_thread(self._backup.write, self._good)
        except OSError as error:
            self._unsaved.tell("%s is out of date and cannot be written: %s", self._backup_path, error)
        else:
            self._saved = self._good
            self._unsaved.mended()

    def _tell(self, error: PeopleFileError, consequence: str) -> None:
        """Each line as a record of its own: the console escapes line breaks within one."""
        for line in (*problems(self._path, error).split("\n"), consequence):
            log.error("%s", line)


def problems(path: Path, error: PeopleFileError) -> str:
    """What is wrong with the file, a line for each problem."""
    return "\n  ".join([f"{path} CANNOT BE USED:", *error.problems])


def read_good(path: Path, backup: Path) -> tuple[Roster, str]:
    """What a server that starts now would take, and, where that is not the file itself, what is wrong with
    it (else ""). Where there is nothing that can be used, no limits. Raises OSError: the backup cannot be
    read."""
    content = _read(path)
    try:
        if isinstance(content, str):
            raise PeopleFileError([content])
        return parse(content), ""
    except PeopleFileError as error:
        wrong = problems(path, error)
    kept = Backup(backup).read()
    if kept is None:
        nothing = f"{wrong}\nthere is no last good content: a server would not start, and no limits are shown"
        return EMPTY, "" if content == _GONE else nothing
    try:
        roster = parse(kept)
    except PeopleFileError as worse:
        return EMPTY, f"{wrong}\nnor can {backup}, so that no limits are shown: {worse}"
    return roster, "" if content == _GONE and roster == EMPTY else f"{wrong}\nshown is {backup}"


def _read(path: Path) -> _Content:
    try:
        return toml_file.read(path)
    except FileNotFoundError:
        return _GONE
    except TomlError as error:
        return str(error)
