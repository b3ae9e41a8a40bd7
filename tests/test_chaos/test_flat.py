"""What the server uses does not grow: a few of the ten thousands of `make chaos`."""

import sys
from pathlib import Path

import pytest

from tests.chaos import flat

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process uses")


def test_frames_leave_no_open_file_thread_or_process_behind(tmp_path: Path) -> None:
    assert flat.frames(tmp_path, 160, looks=8)


def test_connects_leave_none_behind(tmp_path: Path) -> None:
    assert flat.connects(tmp_path, 320, looks=8)


def test_photos_leave_none_behind(tmp_path: Path) -> None:
    assert flat.photos(tmp_path, 32, looks=4)
