"""Private files: for their owner alone, whole or not at all."""

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.support.private_files import make_private, open_private, private_folder, replace_private

if sys.platform != "win32":
    import resource

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """As if the disk were full when a file has so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    for data in (b"first", b"", b"second" * 1_000_000):
        replace_private(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_what_does_not_fit_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    """The operating system takes what fits of a write, and says no only to the next one."""
    path = tmp_path / "kept"
    replace_private(path, b"old")
    with room_for(1000), pytest.raises(OSError, match="large"):
        replace_private(path, bytes(2000))
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_is_an_error_without_litter(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.mkdir()
    with pytest.raises(OSError, match="kept"):
        replace_private(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_of_several_writers_one_wins_and_nobody_fails(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    contents = [bytes([number]) * 100_000 for number in range(8)]
    failed: list[OSError] = []
    start = threading.Barrier(len(contents))

    def write(data: bytes) -> None:
        start.wait()
        try:
            for _ in range(5):
                replace_private(path, data)
        except OSError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(data,)) for data in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed and path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_new_files_are_their_owners_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        replace_private(tmp_path / "replaced", b"")
        make_private(tmp_path / "made")
        open_private(tmp_path / "opened", "wb").close()
    finally:
        os.umask(before)
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


@posix
def test_a_laxer_file_is_tightened_and_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "lax"
    path.write_bytes(b"old")
    path.chmod(0o666)
    with open_private(path, "ab") as file:
        assert mode(path) == 0o600
        file.write(b" and new")
    path.chmod(0o644)
    make_private(path)
    assert mode(path) == 0o600 and path.read_bytes() == b"old and new"
    path.chmod(0o644)
    replace_private(path, b"newer")
    assert mode(path) == 0o600


@posix
def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lax"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with open_private(path, "rb") as file:
        assert file.read() == b"old"
    assert mode(path) == 0o644


@posix
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"somebody else's")
    link.symlink_to(target)
    with pytest.raises(OSError, match="link"):
        make_private(link)
    with pytest.raises(OSError, match="link"):
        open_private(link, "wb")
    replace_private(link, b"ours")
    assert target.read_bytes() == b"somebody else's"
    assert link.read_bytes() == b"ours" and not link.is_symlink()


@posix
def test_a_link_is_not_followed_where_the_system_cannot_be_asked_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.delattr(os, "O_NOFOLLOW")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"):
        make_private(link)
    assert not (tmp_path / "target").exists()


@posix
def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    private_folder(folder)
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    private_folder(folder)
    assert mode(folder) == 0o700
