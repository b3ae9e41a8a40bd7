"""Workers that are killed or stopped: a few of those of `make chaos`."""

import sys
from pathlib import Path

import pytest

from tests.chaos import workers


@pytest.mark.skipif(sys.platform != "linux", reason="finds workers through Linux's /proc")
def test_killed_and_stopped_workers_cost_no_connection_and_no_decision(tmp_path: Path) -> None:
    found = workers.run(tmp_path, faults=4, seed=3)
    assert found.killed and found.stopped and found.told
