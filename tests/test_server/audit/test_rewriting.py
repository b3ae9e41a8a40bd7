"""A log gets other lines; whatever happens meanwhile, none is lost."""

import asyncio
import contextlib
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.rewriting import Rewriting, Rewritten, remove_unfinished, rewrite
from server.audit.trail import AuditTrail
from server.support import osdep
from tests.support.histories import entry

LINES = b"Jane\r\nJohn\n\nJane"


def renamed(line: bytes) -> bytes:
    return line.replace(b"Jane", b"JJ")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_that_are_to_change_do_and_their_ends_stay(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(pack(LINES))
    os.utime(path, (1000, 2000))
    path.chmod(0o664)
    assert rewrite(path, renamed) == 2
    data = path.read_bytes()
    assert (data if pack is bytes else gzip.decompress(data)) == b"JJ\r\nJohn\n\nJJ"
    assert path.stat().st_mtime == 2000 and path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["log.txt"]


def test_a_log_without_such_lines_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"John\n")
    before = path.stat()
    assert rewrite(path, renamed) == 0
    assert path.stat().st_ino == before.st_ino
    assert os.listdir(tmp_path) == ["log.txt"]


def test_a_crash_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(LINES)

    def fails(file: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(osdep, "flush_to_disk", fails)
    with pytest.raises(OSError, match="no space"):
        rewrite(path, renamed)
    assert path.read_bytes() == LINES and os.listdir(tmp_path) == ["log.txt"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(LINES)
    (tmp_path / "log.txt").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        rewrite(tmp_path / "log.txt", renamed)
    assert (tmp_path / "elsewhere").read_bytes() == LINES


def test_what_is_appended_between_the_two_steps_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"Jane\nJa")
    with contextlib.closing(Rewriting(path, renamed)) as rewriting, path.open("ab") as file:
        rewriting.follow()
        file.write(b"ne\nJane and John\n")
        file.flush()
        rewriting.follow()
        file.write(b"the end")
        file.flush()
        assert rewriting.finish() == 3
    assert path.read_bytes() == b"JJ\nJJ\nJJ and John\nthe end"


@pytest.mark.parametrize("how", ["renamed", "copytruncate"])
def test_a_rotation_between_the_two_steps_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(LINES)
    with contextlib.closing(Rewriting(path, renamed)) as rewriting:
        rewriting.follow()
        if how == "renamed":
            path.rename(tmp_path / "log.txt.1")
            path.write_bytes(b"new\n")
        else:
            os.truncate(path, 3)
        with pytest.raises(FileNotFoundError):
            rewriting.finish()
    assert path.read_bytes() == (b"new\n" if how == "renamed" else b"Jan")


def test_no_line_is_lost_that_doors_write_meanwhile(tmp_path: Path) -> None:
    async def scenario() -> Rewritten:
        trail = AuditTrail(tmp_path)
        try:
            await asyncio.gather(*(trail.record(entry(number, "Jane")) for number in range(50)))
            (tmp_path / "access_log.txt.1").write_bytes(b'"Jane"\n')
            rewriting = asyncio.ensure_future(trail.rewrite({ACCESS_LOG: renamed}))
            await asyncio.gather(*(trail.record(entry(number, "John")) for number in range(50, 300)))
            done = await rewriting
            await trail.record(entry(300, "John"))
        finally:
            trail.close()
        return done

    assert asyncio.run(scenario()) == Rewritten(51)
    lines = (tmp_path / ACCESS_LOG).read_text().splitlines()
    assert len(lines) == 301 and sum('"JJ"' in line for line in lines) == 50
    assert (tmp_path / "access_log.txt.1").read_bytes() == b'"JJ"\n'


def test_a_log_that_cannot_be_rewritten_keeps_no_other_from_it(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (tmp_path / "elsewhere").write_bytes(LINES)
    link, damaged = logs / "access_log.txt.1", logs / "access_log.txt-20261101.gz"
    link.symlink_to(tmp_path / "elsewhere")
    damaged.write_bytes(gzip.compress(LINES)[:-9])
    good = [logs / f"{name}.{number}" for name in (ACCESS_LOG, OPERATOR_LOG) for number in range(2, 9)]
    for path in good:
        path.write_bytes(LINES)

    async def scenario() -> Rewritten:
        trail = AuditTrail(logs)
        try:
            (logs / OPERATOR_LOG).unlink()
            (logs / OPERATOR_LOG).symlink_to(tmp_path / "elsewhere")
            return await trail.rewrite({OPERATOR_LOG: renamed, ACCESS_LOG: renamed})
        finally:
            (logs / OPERATOR_LOG).unlink()
            trail.close()

    done = asyncio.run(scenario())
    assert {path.read_bytes() for path in good} == {b"JJ\r\nJohn\n\nJJ"} and done.lines == 2 * len(good)
    told = {problem.split(" cannot be rewritten: ")[0] for problem in done.problems}
    assert told == {str(link), str(damaged), str(logs / OPERATOR_LOG)} and len(done.problems) == 3
    assert (tmp_path / "elsewhere").read_bytes() == LINES


def test_what_a_killed_process_has_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "access_log.txt-20261101.gz"
    path.write_bytes(gzip.compress(LINES))
    left = Rewriting(path, renamed)
    (tmp_path / ".operator_log.txt.abcd_123.tmp").write_bytes(LINES)
    for name in ("access_log.txt.tmp", ".notes.tmp", ".lock", ".access_log.txt.swp"):
        (tmp_path / name).touch()
    (tmp_path / ".access_log.txt.folder_1.tmp").mkdir()
    before = set(os.listdir(tmp_path))
    remove_unfinished(tmp_path)
    gone = before - set(os.listdir(tmp_path))
    left.close()
    assert len(gone) == 2 and ".operator_log.txt.abcd_123.tmp" in gone
    assert all(name.startswith(".") and name.endswith(".tmp") for name in gone)


def test_a_server_removes_it_when_it_starts(tmp_path: Path) -> None:
    unfinished = tmp_path / ".access_log.txt.abcd_123.tmp"
    unfinished.write_bytes(LINES)
    AuditTrail(tmp_path).close()
    assert not unfinished.exists()
