"""`kill -9` of the server under load: a few of the two hundred of `make chaos`."""

from pathlib import Path

import pytest

from tests.chaos import kills

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="finds workers through Linux's /proc"
)


def test_no_decision_that_a_terminal_was_told_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    found = kills.run(tmp_path, rounds=3, light=True)
    assert found.killed == 3 and found.told > 0
