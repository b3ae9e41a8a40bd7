"""One server uses a folder, whatever becomes of the file that says so."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from server.audit.folder_lock import FILE, FolderLock, InUseError

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")


def test_the_second_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with closing(FolderLock(tmp_path)), pytest.raises(InUseError):
        FolderLock(tmp_path)
    FolderLock(tmp_path).close()


@posix
def test_deleting_the_file_lets_in_nobody(tmp_path: Path) -> None:
    with closing(FolderLock(tmp_path)):
        (tmp_path / FILE).unlink()
        with pytest.raises(InUseError):
            FolderLock(tmp_path)
    FolderLock(tmp_path).close()


@posix
def test_what_a_link_in_its_place_leads_to_is_left_alone(tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")
    (tmp_path / FILE).symlink_to(treasure)
    with pytest.raises(OSError, match="symbolic links"):
        FolderLock(tmp_path)
    assert treasure.read_text() == "gold"


def test_what_the_file_holds_stays(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not ours")
    FolderLock(tmp_path).close()
    assert (tmp_path / FILE).read_text() == "not ours"
