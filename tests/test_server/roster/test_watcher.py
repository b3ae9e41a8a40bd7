"""The roster follows people.toml; a mistake, a half-written or a missing file never loosens anything."""

import asyncio
import logging
import os
import re
import sys
from pathlib import Path

import pytest

from server.access.permits import Permit
from server.roster import EMPTY
from server.roster.backup import Backup
from server.roster.watcher import POLL_SECONDS, SETTLE_SECONDS, PeopleFileWatcher
from server.support.errors import StartError
from server.support.toml_file import MAX_FILE_BYTES
from tests.support.clock import Clock

JANE = b"[people.jane]\ndisabled = true\n"
JOHN = b"[people.john]\ndisabled = true\n"
BROKEN = b"[people.jane]\ndisabled = maybe\n"
ALSO_BROKEN = b"[people.jane]\ndisabled = 7\n"
OFF = Permit(disabled=True)


class Folders:
    """A photo folder, a logs folder and a watcher over their files, whose time passes when it looks."""

    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "faces" / "people.toml"
        self.backup = tmp_path / "logs" / "people.last_good.toml"
        for path in (self.file, self.backup):
            path.parent.mkdir()
        self.clock = Clock()
        self.changes = 0
        self.watcher = self._new()

    def _new(self) -> PeopleFileWatcher:
        return PeopleFileWatcher(self.file, self.backup, on_change=self._count, clock=self.clock)

    def _count(self) -> None:
        self.changes += 1

    @property
    def barred(self) -> list[str]:
        return sorted(self.watcher.roster.permits)

    def start(self) -> None:
        """Start (again)."""
        self.watcher = self._new()
        asyncio.run(self.watcher.load())

    def look(self, seconds: float = POLL_SECONDS) -> None:
        """Look once, so much later."""
        self.clock.now += seconds
        asyncio.run(self.watcher.look())

    def look_until_settled(self) -> None:
        """Long enough for a change to count, were it to."""
        for _ in range(10):
            self.look()


@pytest.fixture
def folders(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Folders:
    caplog.set_level(logging.INFO, "server.roster")
    return Folders(tmp_path)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_without_a_file_there_are_no_limits(folders: Folders, caplog: pytest.LogCaptureFixture) -> None:
    folders.start()
    assert folders.watcher.roster == EMPTY and not errors(caplog)
    assert not folders.backup.exists()


def test_whenever_another_content_is_in_force_that_is_told(folders: Folders) -> None:
    folders.start()
    folders.file.write_bytes(JANE)
    folders.look()
    assert folders.changes == 0
    folders.look_until_settled()
    assert folders.changes == 1
    folders.file.write_bytes(BROKEN)
    folders.look_until_settled()
    assert folders.changes == 1


def test_the_file_is_in_force_from_the_start(folders: Folders, caplog: pytest.LogCaptureFixture) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    assert folders.watcher.roster.permits == {"Jane": OFF}
    assert folders.backup.read_bytes() == JANE
    assert "people 1, terminals 0, confirmed pairs 0" in caplog.text and not errors(caplog)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_what_is_kept_is_private_whatever_was_there_before(folders: Folders) -> None:
    folders.backup.write_bytes(b"")
    folders.backup.chmod(0o666)
    folders.file.write_bytes(JANE)
    folders.start()
    assert folders.backup.stat().st_mode & 0o777 == 0o600
    assert os.listdir(folders.backup.parent) == [folders.backup.name]


@pytest.mark.parametrize("content", [BROKEN, b"\xff", b"#" * (MAX_FILE_BYTES + 1), None])
def test_a_start_with_a_broken_or_missing_file_takes_the_last_good_content(
    folders: Folders, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    folders.backup.write_bytes(JANE)
    if content is not None:
        folders.file.write_bytes(content)
    folders.start()
    assert folders.barred == ["Jane"] and folders.backup.read_bytes() == JANE
    first, *problems, last = errors(caplog)
    assert "CANNOT BE USED" in first and problems and str(folders.backup) in last
    assert "\n" not in "".join(errors(caplog))
    assert (content is None) == ("to lift all limits put an empty one there" in problems[0])


def test_a_file_as_large_as_allowed_is_read(folders: Folders) -> None:
    folders.file.write_bytes(JANE + b"#" * (MAX_FILE_BYTES - len(JANE)))
    folders.start()
    assert folders.barred == ["Jane"]


def test_a_missing_file_after_an_emptied_one_is_nothing_to_complain_of(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.backup.write_bytes(b"# no limits\n")
    folders.start()
    assert folders.watcher.roster == EMPTY and not errors(caplog)


def test_an_emptied_file_lifts_all_limits_for_good(folders: Folders) -> None:
    folders.backup.write_bytes(JANE)
    folders.file.write_bytes(b"")
    folders.start()
    assert folders.watcher.roster == EMPTY and folders.backup.read_bytes() == b""


@pytest.mark.parametrize("kept", [None, BROKEN])
def test_a_start_with_nothing_that_can_be_used_is_refused(folders: Folders, kept: bytes | None) -> None:
    folders.file.write_bytes(ALSO_BROKEN)
    if kept is not None:
        folders.backup.write_bytes(kept)
    with pytest.raises(StartError, match=r"(?s)disabled: write true or false, not 7.*lift all limits"):
        folders.start()


def test_a_start_without_file_and_with_a_damaged_backup_is_refused(folders: Folders) -> None:
    folders.backup.write_bytes(BROKEN)
    with pytest.raises(StartError, match="there is no such file"):
        folders.start()


def test_a_start_with_a_backup_that_cannot_be_read_is_refused(folders: Folders) -> None:
    folders.backup.mkdir()
    with pytest.raises(StartError, match=re.escape(str(folders.backup))):
        folders.start()


def test_a_folder_in_the_files_place_is_refused(folders: Folders) -> None:
    folders.file.mkdir()
    with pytest.raises(StartError, match="CANNOT BE USED"):
        folders.start()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_in_the_files_place_keeps_nobody_waiting(folders: Folders) -> None:
    os.mkfifo(folders.file)
    with pytest.raises(StartError, match="not a regular file"):
        folders.start()


def test_edit_break_repair_remove_and_bring_back(folders: Folders, caplog: pytest.LogCaptureFixture) -> None:
    folders.start()
    folders.file.write_bytes(JANE)
    folders.look_until_settled()
    assert folders.barred == ["Jane"]
    folders.file.write_bytes(BROKEN)
    folders.look_until_settled()
    assert folders.barred == ["Jane"] and folders.backup.read_bytes() == JANE
    _, problem, last = errors(caplog)
    assert "line 2" in problem and "stays in force" in last
    folders.file.write_bytes(JOHN)
    folders.look_until_settled()
    assert folders.barred == ["John"]
    folders.file.unlink()
    folders.look_until_settled()
    assert folders.barred == ["John"]
    assert len(errors(caplog)) == 6 and "there is no such file" in errors(caplog)[4]
    folders.file.write_bytes(JANE)
    folders.look_until_settled()
    assert folders.barred == ["Jane"]
    folders.file.write_bytes(b"")
    folders.look_until_settled()
    assert folders.barred == [] and folders.backup.read_bytes() == b""


def test_a_change_counts_when_it_has_stood_for_a_while_and_not_before(folders: Folders) -> None:
    folders.start()
    folders.file.write_bytes(JANE)
    folders.look()
    folders.look(SETTLE_SECONDS - 0.01)
    assert folders.barred == []
    folders.look(0.01)
    assert folders.barred == ["Jane"]


def test_a_broken_content_is_told_once(folders: Folders, caplog: pytest.LogCaptureFixture) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    folders.file.write_bytes(BROKEN)
    folders.look_until_settled()
    folders.file.touch()
    folders.look_until_settled()
    assert len(errors(caplog)) == 3
    folders.file.write_bytes(ALSO_BROKEN)
    folders.look_until_settled()
    assert len(errors(caplog)) == 6


def test_the_content_that_was_broken_at_the_start_is_not_told_again(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.backup.write_bytes(JANE)
    folders.file.write_bytes(BROKEN)
    folders.start()
    folders.look_until_settled()
    assert len(errors(caplog)) == 3 and folders.barred == ["Jane"]


def test_a_change_that_keeps_size_and_times_is_seen(folders: Folders) -> None:
    folders.file.write_bytes(JANE)
    times = folders.file.stat()
    folders.start()
    folders.file.write_bytes(JOHN)
    os.utime(folders.file, ns=(times.st_atime_ns, times.st_mtime_ns))
    folders.look_until_settled()
    assert folders.barred == ["John"]


def test_a_file_that_is_still_being_written_does_not_count(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    """Emptied, then grown piece by piece, each piece valid and laxer than the whole."""
    whole = JANE + JOHN
    folders.file.write_bytes(whole)
    folders.start()
    before = folders.watcher.roster
    with folders.file.open("wb", buffering=0) as file:
        for line in (whole + b"[people.jim]\n").splitlines(keepends=True):
            folders.look(SETTLE_SECONDS * 0.9)
            file.write(line)
            folders.look(SETTLE_SECONDS * 0.9)
            assert folders.watcher.roster is before
    folders.look_until_settled()
    assert folders.barred == ["Jane", "Jim", "John"] and not errors(caplog)


def test_an_editor_that_replaces_the_file_leaves_no_gap(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    folders.file.rename(folders.file.with_name("people.toml~"))
    folders.look(SETTLE_SECONDS / 2)
    folders.file.write_bytes(JOHN)
    folders.look(SETTLE_SECONDS / 2)
    folders.look_until_settled()
    assert folders.barred == ["John"] and not errors(caplog)


def test_the_file_may_be_a_link(folders: Folders, tmp_path: Path) -> None:
    for name, data in (("a", JANE), ("b", JOHN)):
        (tmp_path / name).write_bytes(data)
    folders.file.symlink_to(tmp_path / "a")
    folders.start()
    assert folders.barred == ["Jane"]
    folders.file.unlink()
    folders.file.symlink_to(tmp_path / "b")
    folders.look_until_settled()
    assert folders.barred == ["John"]
    (tmp_path / "b").unlink()
    folders.look_until_settled()
    assert folders.barred == ["John"]


def test_a_folder_that_takes_the_files_place_changes_nothing(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    folders.file.unlink()
    folders.file.mkdir()
    folders.look_until_settled()
    assert folders.barred == ["Jane"] and len(errors(caplog)) == 3


def test_a_backup_that_cannot_be_written_is_told_once_each_time_and_tried_again(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    folders.backup.unlink()
    folders.backup.mkdir()
    folders.file.write_bytes(JOHN)
    folders.look_until_settled()
    assert folders.barred == ["John"]
    assert [str(folders.backup) in told for told in errors(caplog)] == [True]
    folders.backup.rmdir()
    folders.look()
    assert folders.backup.read_bytes() == JOHN
    folders.backup.unlink()
    folders.backup.mkdir()
    folders.file.write_bytes(JANE)
    folders.look_until_settled()
    assert [str(folders.backup) in told for told in errors(caplog)] == [True, True]


def test_the_roster_is_another_object_only_when_another_came_into_force(folders: Folders) -> None:
    folders.file.write_bytes(JANE)
    folders.start()
    before, kept = folders.watcher.roster, folders.backup.stat()
    folders.file.touch()
    folders.file.write_bytes(JANE)
    folders.look_until_settled()
    assert folders.watcher.roster is before
    assert folders.backup.stat().st_mtime_ns == kept.st_mtime_ns


def test_watching_looks_again_and_again(folders: Folders) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(pauses) == 5:
            raise asyncio.CancelledError
        pauses.append(seconds)
        folders.clock.now += seconds

    watcher = PeopleFileWatcher(folders.file, folders.backup, clock=folders.clock, sleep=sleep)
    folders.file.write_bytes(JANE)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watcher.watch())
    assert pauses == [POLL_SECONDS] * 5 and list(watcher.roster.permits) == ["Jane"]


def test_a_backup_is_read_back(tmp_path: Path) -> None:
    backup = Backup(tmp_path / "kept.toml")
    assert backup.read() is None
    for data in (JANE, JOHN, b""):
        backup.write(data)
        assert backup.read() == data
