"""The roster follows people.toml; a mistake, a half-written or a missing file never loosens anything."""

import asyncio
import contextlib
import logging
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.access.permits import Permit
from server.roster import EMPTY
from server.roster import watcher as module
from server.roster.backup import Backup
from server.roster.watcher import MAX_FILE_BYTES, PeopleFileWatcher
from server.support.errors import StartError

JANE = b"[people.jane]\ndisabled = true\n"
JOHN = b"[people.john]\ndisabled = true\n"
BROKEN = b"[people.jane]\ndisabled = maybe\n"
ALSO_BROKEN = b"[people.jane]\ndisabled = 7\n"
OFF = Permit(disabled=True)


class Desk:
    """A photo folder, a logs folder and a watcher over their files that looks far more often."""

    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "faces" / "people.toml"
        self.backup = tmp_path / "logs" / "people.last_good.toml"
        for path in (self.file, self.backup):
            path.parent.mkdir()
        self.watcher = PeopleFileWatcher(self.file, self.backup)

    @property
    def barred(self) -> list[str]:
        return sorted(self.watcher.roster.permits)

    def start(self) -> None:
        """Start (again)."""
        self.watcher = PeopleFileWatcher(self.file, self.backup)
        asyncio.run(self.watcher.load())

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        await self.watcher.load()
        task = asyncio.ensure_future(self.watcher.watch())
        try:
            yield
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, barred: list[str]) -> None:
        while self.barred != barred:  # noqa: ASYNC110 - the watcher tells nobody
            await asyncio.sleep(0.005)

    async def several_looks(self) -> None:
        """Long enough for a change to count, were it to."""
        await asyncio.sleep(module.SETTLE_SECONDS + 10 * module.POLL_SECONDS)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Desk:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.05)
    caplog.set_level(logging.INFO, "server.roster")
    return Desk(tmp_path)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_without_a_file_there_are_no_limits(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.start()
    assert desk.watcher.roster == EMPTY and not errors(caplog)
    assert not desk.backup.exists()


def test_the_file_is_in_force_from_the_start_and_kept(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.file.write_bytes(JANE)
    desk.start()
    assert desk.watcher.roster.permits == {"Jane": OFF}
    assert desk.backup.read_bytes() == JANE
    assert "people 1, terminals 0, confirmed pairs 0" in caplog.text and not errors(caplog)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_what_is_kept_is_private_whatever_was_there_before(desk: Desk) -> None:
    desk.backup.write_bytes(b"")
    desk.backup.chmod(0o666)
    desk.file.write_bytes(JANE)
    desk.start()
    assert desk.backup.stat().st_mode & 0o777 == 0o600
    assert os.listdir(desk.backup.parent) == [desk.backup.name]


@pytest.mark.parametrize("content", [BROKEN, b"\xff", b"#" * (MAX_FILE_BYTES + 1), None])
def test_a_start_with_a_broken_or_missing_file_takes_the_last_good_content(
    desk: Desk, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    desk.backup.write_bytes(JANE)
    if content is not None:
        desk.file.write_bytes(content)
    desk.start()
    assert desk.barred == ["Jane"] and desk.backup.read_bytes() == JANE
    first, *problems, last = errors(caplog)
    assert "CANNOT BE USED" in first and problems and str(desk.backup) in last
    assert "\n" not in "".join(errors(caplog))
    assert (content is None) == ("to lift all limits put an empty one there" in problems[0])


def test_a_file_as_large_as_allowed_is_read(desk: Desk) -> None:
    desk.file.write_bytes(JANE + b"#" * (MAX_FILE_BYTES - len(JANE)))
    desk.start()
    assert desk.barred == ["Jane"]


def test_a_missing_file_after_an_emptied_one_is_nothing_to_complain_of(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.backup.write_bytes(b"# no limits\n")
    desk.start()
    assert desk.watcher.roster == EMPTY and not errors(caplog)


def test_an_emptied_file_lifts_all_limits_for_good(desk: Desk) -> None:
    desk.backup.write_bytes(JANE)
    desk.file.write_bytes(b"")
    desk.start()
    assert desk.watcher.roster == EMPTY and desk.backup.read_bytes() == b""


@pytest.mark.parametrize("kept", [None, BROKEN])
def test_a_start_with_nothing_that_can_be_used_is_refused(desk: Desk, kept: bytes | None) -> None:
    desk.file.write_bytes(ALSO_BROKEN)
    if kept is not None:
        desk.backup.write_bytes(kept)
    with pytest.raises(StartError, match=r"(?s)disabled: write true or false, not 7.*lift all limits"):
        desk.start()


def test_a_start_without_file_and_with_a_damaged_backup_is_refused(desk: Desk) -> None:
    desk.backup.write_bytes(BROKEN)
    with pytest.raises(StartError, match="there is no such file"):
        desk.start()


def test_a_start_with_a_backup_that_cannot_be_read_is_refused(desk: Desk) -> None:
    desk.backup.mkdir()
    with pytest.raises(StartError, match=re.escape(str(desk.backup))):
        desk.start()


def test_a_folder_in_the_files_place_is_refused(desk: Desk) -> None:
    desk.file.mkdir()
    with pytest.raises(StartError, match="CANNOT BE USED"):
        desk.start()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_in_the_files_place_keeps_nobody_waiting(desk: Desk) -> None:
    os.mkfifo(desk.file)
    with pytest.raises(StartError, match="not a regular file"):
        desk.start()


def test_edit_break_repair_remove_and_bring_back(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with desk.watching():
            desk.file.write_bytes(JANE)
            await desk.until(["Jane"])
            desk.file.write_bytes(BROKEN)
            await desk.several_looks()
            assert desk.barred == ["Jane"] and desk.backup.read_bytes() == JANE
            _, problem, last = errors(caplog)
            assert "line 2" in problem and "stays in force" in last
            desk.file.write_bytes(JOHN)
            await desk.until(["John"])
            desk.file.unlink()
            await desk.several_looks()
            assert desk.barred == ["John"]
            assert len(errors(caplog)) == 6 and "there is no such file" in errors(caplog)[4]
            desk.file.write_bytes(JANE)
            await desk.until(["Jane"])
            desk.file.write_bytes(b"")
            await desk.until([])
            await desk.several_looks()
            assert desk.backup.read_bytes() == b""

    asyncio.run(run())


def test_a_broken_content_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        desk.file.write_bytes(JANE)
        async with desk.watching():
            desk.file.write_bytes(BROKEN)
            await desk.several_looks()
            desk.file.touch()
            await desk.several_looks()
            assert len(errors(caplog)) == 3
            desk.file.write_bytes(ALSO_BROKEN)
            await desk.several_looks()
            assert len(errors(caplog)) == 6

    asyncio.run(run())


def test_the_content_that_was_broken_at_the_start_is_not_told_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        desk.backup.write_bytes(JANE)
        desk.file.write_bytes(BROKEN)
        async with desk.watching():
            await desk.several_looks()
            assert len(errors(caplog)) == 3 and desk.barred == ["Jane"]

    asyncio.run(run())


def test_a_change_that_keeps_size_and_times_is_seen(desk: Desk) -> None:
    async def run() -> None:
        desk.file.write_bytes(JANE)
        times = desk.file.stat()
        async with desk.watching():
            desk.file.write_bytes(JOHN)
            os.utime(desk.file, ns=(times.st_atime_ns, times.st_mtime_ns))
            await desk.until(["John"])

    asyncio.run(run())


def test_a_file_that_is_still_being_written_does_not_count(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptied, then grown piece by piece, each piece valid and laxer than the whole."""
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.3)

    async def run() -> None:
        whole = JANE + JOHN
        desk.file.write_bytes(whole)
        async with desk.watching():
            before = desk.watcher.roster
            with desk.file.open("wb", buffering=0) as file:
                for line in (whole + b"[people.jim]\n").splitlines(keepends=True):
                    await asyncio.sleep(0.1)
                    file.write(line)
                    assert desk.watcher.roster is before
            await desk.until(["Jane", "Jim", "John"])
            assert not errors(caplog)

    asyncio.run(run())


def test_an_editor_that_replaces_the_file_leaves_no_gap(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.3)

    async def run() -> None:
        desk.file.write_bytes(JANE)
        async with desk.watching():
            desk.file.rename(desk.file.with_name("people.toml~"))
            await asyncio.sleep(0.05)
            desk.file.write_bytes(JOHN)
            await desk.until(["John"])
            assert not errors(caplog)

    asyncio.run(run())


def test_the_file_may_be_a_link(desk: Desk, tmp_path: Path) -> None:
    async def run() -> None:
        for name, data in (("a", JANE), ("b", JOHN)):
            (tmp_path / name).write_bytes(data)
        desk.file.symlink_to(tmp_path / "a")
        async with desk.watching():
            assert desk.barred == ["Jane"]
            desk.file.unlink()
            desk.file.symlink_to(tmp_path / "b")
            await desk.until(["John"])
            (tmp_path / "b").unlink()
            await desk.several_looks()
            assert desk.barred == ["John"]

    asyncio.run(run())


def test_a_folder_that_takes_the_files_place_changes_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        desk.file.write_bytes(JANE)
        async with desk.watching():
            desk.file.unlink()
            desk.file.mkdir()
            await desk.several_looks()
            assert desk.barred == ["Jane"] and len(errors(caplog)) == 3

    asyncio.run(run())


def test_a_backup_that_cannot_be_written_is_told_once_and_tried_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        desk.file.write_bytes(JANE)
        async with desk.watching():
            desk.backup.unlink()
            desk.backup.mkdir()
            desk.file.write_bytes(JOHN)
            await desk.until(["John"])
            await desk.several_looks()
            assert [str(desk.backup) in told for told in errors(caplog)] == [True]
            desk.backup.rmdir()
            await desk.several_looks()
            assert desk.backup.read_bytes() == JOHN

    asyncio.run(run())


def test_the_roster_is_another_object_only_when_another_came_into_force(desk: Desk) -> None:
    async def run() -> None:
        desk.file.write_bytes(JANE)
        async with desk.watching():
            before, kept = desk.watcher.roster, desk.backup.stat()
            desk.file.touch()
            desk.file.write_bytes(JANE)
            await desk.several_looks()
            assert desk.watcher.roster is before
            assert desk.backup.stat().st_mtime_ns == kept.st_mtime_ns

    asyncio.run(run())


def test_a_write_that_fails_leaves_the_backup_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = Backup(tmp_path / "kept.toml")
    assert backup.read() is None
    backup.write(JANE)

    def fail(file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.support.osdep.flush_to_disk", fail)
    with pytest.raises(OSError, match="space"):
        backup.write(JOHN)
    assert backup.read() == JANE
    monkeypatch.undo()
    backup.write(JOHN)
    assert backup.read() == JOHN
