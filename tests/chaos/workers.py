"""Workers that are killed, or stopped as if they hung, at random moments under load."""

import contextlib
import os
import random
import signal
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.enrolling import enrol
from tests.chaos.film import film
from tests.chaos.terminals import crowd, told, violations
from tests.support.server_process import ServerProcess, running_server, wait_for

WORKERS, TERMINALS = 2, 3
PAUSE_SECONDS = (0.2, 2.5)
"""Between two faults."""
REPLACED_SECONDS = 60.0


@dataclass
class Workers:
    """`killed`, `stopped`: workers. `replaced`: how long until there were as many again as there should be,
    seconds. `answers`, `refused`: frames; `slowest`: the longest that an answer took, seconds. `told`:
    decisions. `lost`: connections of terminals."""

    killed: int = 0
    stopped: int = 0
    replaced: list[float] = field(default_factory=list)
    answers: int = 0
    refused: int = 0
    slowest: float = 0.0
    told: int = 0
    lost: int = 0

    def figures(self) -> list[str]:
        median, worst = statistics.median(self.replaced), max(self.replaced)
        return [
            f"{self.killed} workers killed and {self.stopped} stopped under {TERMINALS} terminals",
            f"{self.answers} frames answered, {self.refused} refused, none unanswered; the slowest"
            f" answer took {self.slowest:.1f} s; connections lost: {self.lost}",
            f"{self.told} decisions, none of them wrong",
            f"a killed worker was replaced after {median:.1f} s (median), {worst:.1f} s at worst",
        ]


def run(home: Path, faults: int, seed: int = 1) -> Workers:
    draw, found = random.Random(seed), Workers()
    enrol(home)
    with running_server(home, workers=WORKERS) as server, crowd([server.port] * TERMINALS, film()) as doors:
        wait_for(lambda: all(door.answered for door in doors), 60, "the first answers")
        for _ in range(faults):
            time.sleep(draw.uniform(*PAUSE_SECONDS))
            _spoil(server, draw, found)
        for pid in server.worker_pids():
            _signal(pid, signal.SIGCONT)
        healed = time.monotonic()
        wait_for(
            lambda: all(door.answered_since(healed) and door.live for door in doors), 60, "answers again"
        )
        wait_for(lambda: len(told(doors)) > 0, 60, "a decision")
    found.answers = sum(len(door.answered) for door in doors)
    found.refused = sum(len(door.errors) for door in doors)
    found.slowest = max(door.slowest for door in doors)
    found.lost = sum(door.lost for door in doors) - len(doors)  # the server has ended
    found.told = len(told(doors))
    assert not (wrong := violations(doors)), wrong
    assert found.lost <= 0, f"{found.lost} connections were lost"
    return found


def _spoil(server: ServerProcess, draw: random.Random, found: Workers) -> None:
    pids = server.worker_pids()
    if not pids:
        return
    pid = draw.choice(pids)
    if draw.random() < 0.5:
        _signal(pid, signal.SIGSTOP)
        found.stopped += 1
        return
    _signal(pid, signal.SIGKILL)
    found.killed += 1
    began = time.monotonic()
    enough = WORKERS + 1
    wait_for(lambda: len(server.worker_pids()) >= enough, REPLACED_SECONDS, "another worker")
    found.replaced.append(time.monotonic() - began)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
