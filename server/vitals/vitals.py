"""All numbers of a server that runs, each asked for anew."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server.support import osdep
from server.support.last_warnings import LastWarnings
from server.terminals.frames import FrameCounts
from server.vitals.condition import Condition
from server.vitals.decision_counts import DecisionCounts
from server.vitals.loop_delay import LoopDelay
from server.workers.pool import WorkerCounts


@dataclass(frozen=True)
class Vitals:
    """`workers`, `frames`: as they are now. `lost`: of each event sink, how many events it has missed.
    `decisions`: since the start. `condition`: whether it can serve. `started`: seconds since 1970."""

    workers: Callable[[], WorkerCounts]
    frames: Callable[[], FrameCounts]
    lost: Callable[[], dict[str, int]]
    decisions: DecisionCounts
    loop_delay: LoopDelay
    warnings: LastWarnings
    condition: Condition
    started: float = field(default_factory=time.time)

    def memory(self) -> tuple[int | None, int | None]:
        """Bytes that the server itself uses, and its workers together; None: the system does not tell."""
        workers = [osdep.memory_of(process) for process in self.workers().pids]
        known = [each for each in workers if each is not None]
        return osdep.memory_of(os.getpid()), sum(known) if len(known) == len(workers) else None
