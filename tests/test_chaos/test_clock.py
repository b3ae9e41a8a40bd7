"""The clock on the wall jumps."""

from pathlib import Path

from tests.chaos import clock


def test_no_grant_no_lock_and_no_line_depends_on_the_clock_on_the_wall(tmp_path: Path) -> None:
    assert "every seal good" in clock.run(tmp_path)[-1]
