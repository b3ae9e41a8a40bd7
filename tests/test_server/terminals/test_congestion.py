"""How soon frames are wanted, tried on terminals, cameras and workers that are simulated."""

import heapq
import random
import statistics
from dataclasses import dataclass, field

import pytest

from server.terminals.congestion import FIRST_PAUSE, LONGEST_PAUSE, TARGET_SECONDS, Congestion

WORKERS, WORK_SECONDS, FPS = 2, 0.01, 15.0
CAPACITY = WORKERS / WORK_SECONDS / FPS
"""Terminals that are served at the rate of their cameras."""


@dataclass
class Simulated:
    """Terminals with one frame in flight, first come, first served. `paced`: those that heed the pause."""

    terminals: int
    paced: bool = True
    congestion: Congestion = field(default_factory=Congestion)
    draw: random.Random = field(default_factory=lambda: random.Random(1))
    waits: list[tuple[float, float]] = field(default_factory=list)
    """When, and for how long."""
    answers: list[int] = field(default_factory=list)

    def run(self, seconds: float, leave_at: float = float("inf"), stay: int = 0) -> None:
        """From `leave_at` on only so many stay."""
        self.answers = [0] * self.terminals
        free = [0.0] * WORKERS
        frames = [(self.draw.uniform(0, 1 / FPS), number) for number in range(self.terminals)]
        heapq.heapify(frames)
        while frames and frames[0][0] < seconds:
            sent, number = heapq.heappop(frames)
            start = max(sent, heapq.heappop(free))
            end = start + WORK_SECONDS
            heapq.heappush(free, end)
            self.congestion.waited(start - sent, start)
            self.waits.append((sent, start - sent))
            self.answers[number] += sent > seconds / 2
            pause = self.congestion.pause * self.draw.uniform(0.75, 1.25) if self.paced else 0.0
            following = max(end, sent + 1 / FPS, sent + pause)
            if following < leave_at or number < stay:
                heapq.heappush(frames, (following, number))

    def middle_wait(self, since: float) -> float:
        return statistics.median(wait for at, wait in self.waits if at >= since)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
def test_where_there_is_room_nobody_is_told_to_pause(share: float) -> None:
    doors = Simulated(round(CAPACITY * share))
    doors.run(60)
    assert doors.congestion.pause == 0 and doors.middle_wait(30) < TARGET_SECONDS / 2


@pytest.mark.parametrize("times", [2, 4, 8])
def test_at_several_times_what_can_be_served_frames_stay_fresh_and_no_work_is_lost(times: int) -> None:
    doors = Simulated(round(CAPACITY * times))
    doors.run(60)
    crowded = Simulated(round(CAPACITY * times), paced=False)
    crowded.run(60)
    assert doors.middle_wait(30) < TARGET_SECONDS * 1.5
    assert crowded.middle_wait(30) > (times - 1) * TARGET_SECONDS, "as it is where nobody pauses"
    assert sum(doors.answers) > 0.8 * sum(crowded.answers)
    assert min(doors.answers) > 0.5 * max(doors.answers), "and nobody starves"


def test_it_is_quick_again_soon_after_the_crowd_has_gone() -> None:
    doors = Simulated(round(CAPACITY * 4))
    doors.run(60, leave_at=40, stay=4)
    assert doors.congestion.pause == 0


def test_the_pause_has_bounds() -> None:
    congestion = Congestion()
    for number in range(200):
        congestion.waited(10.0, number * 0.1)
    assert congestion.pause == LONGEST_PAUSE
    shorter = Congestion()
    for number in range(6):
        shorter.waited(TARGET_SECONDS * 1.01, number * 0.1)
    assert shorter.pause == FIRST_PAUSE
