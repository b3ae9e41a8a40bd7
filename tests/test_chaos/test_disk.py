"""Disks that fail, are slow, full or read-only."""

import sys
from pathlib import Path

import pytest

from tests.chaos import disk


def test_a_disk_that_fails_or_is_slow_shuts_the_door_for_as_long(tmp_path: Path) -> None:
    assert "log whole" in disk.failing(tmp_path)[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a disk of its own: Linux")
def test_a_full_disk_shuts_the_door_until_there_is_space(tmp_path: Path) -> None:
    if not disk.can_mount():
        pytest.skip("this system does not let us mount a disk of our own (unshare -rm)")
    assert len(disk.full(tmp_path)) == 3
