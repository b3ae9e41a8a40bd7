"""All numbers of a server in one place."""

import os
import sys
from pathlib import Path

import pytest

from server.support import osdep
from server.support.last_warnings import LastWarnings
from server.terminals.frame_tally import FrameTally
from server.terminals.frames import FrameCounts
from server.vitals.condition import Condition
from server.vitals.decision_counts import DecisionCounts
from server.vitals.loop_delay import LoopDelay
from server.vitals.vitals import Vitals
from server.workers.pool import WorkerCounts


def vitals(*pids: int) -> Vitals:
    def workers() -> WorkerCounts:
        return WorkerCounts(2, 2, 0, 0, pids)

    return Vitals(
        workers=workers,
        frames=lambda: FrameCounts(0, 0, 0, FrameTally()),
        lost=dict,
        decisions=DecisionCounts(),
        loop_delay=LoopDelay(),
        warnings=LastWarnings(),
        condition=Condition(workers=workers, log_fails=lambda: False, logs=Path()),
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_that_of_the_server_and_of_its_workers() -> None:
    own, workers = vitals(os.getpid(), os.getpid()).memory()
    assert own is not None and own > 10 << 20
    assert workers is not None and workers > 1.5 * own
    assert vitals().memory()[1] == 0


def test_what_the_system_does_not_tell_is_not_guessed() -> None:
    assert osdep.memory_of(2**30) is None
    assert vitals(2**30).memory()[1] is None
