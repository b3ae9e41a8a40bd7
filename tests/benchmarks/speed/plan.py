"""How much is measured: the whole benchmark, or a quick look at whether it works."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Which frames of a scene: the first one's number, and how many."""

    first: int
    count: int


@dataclass(frozen=True)
class Plan:
    """The amounts of one run.

    `timed`: frames of a scene on which the plain loop is timed in each round, spread evenly; it is too slow
    for all. `steps`: numbers of terminals; `further`: more of them, tried while the ones before were served
    well. `settle`, `measure`: seconds of each step (see `SETTLE_SHARE`). `idle_terminals` send `IDLE_FPS`
    frames per second. `photos`: sizes of the photo folders that the server starts with.
    """

    rounds: int
    windows: Mapping[str, Window]
    timed: int
    steps: tuple[int, ...]
    further: tuple[int, ...]
    settle: float
    measure: float
    idle_terminals: int
    photos: tuple[int, ...]


TERMINAL_FPS = 15.0
"""What a terminal sends while somebody stands before it."""
IDLE_FPS = 2.0
"""What a terminal sends while nobody does."""
SETTLE_SHARE = 0.03
"""Seconds more to settle for each terminal: all of them connect at once, and all need a first look."""

NORMAL = Plan(
    rounds=3,
    windows={
        "hamilton": Window(0, 275),
        "webcam": Window(700, 200),
        "talking": Window(0, 200),
        "door": Window(0, 180),
        "empty": Window(0, 120),
        "two": Window(0, 90),
        "four": Window(0, 90),
    },
    timed=15,
    steps=(1, 2, 4, 8, 12, 16, 24, 32),
    further=(48, 64, 96, 128),
    settle=2.0,
    measure=6.0,
    idle_terminals=100,
    photos=(1000,),
)

FULL = Plan(**{**vars(NORMAL), "photos": (1000, 10_000)})

QUICK = Plan(
    rounds=1,
    windows={
        "hamilton": Window(200, 16),
        "webcam": Window(700, 8),
        "talking": Window(0, 8),
        "door": Window(0, 16),
        "empty": Window(0, 8),
        "two": Window(0, 8),
        "four": Window(0, 8),
    },
    timed=3,
    steps=(1, 4),
    further=(),
    settle=0.5,
    measure=1.5,
    idle_terminals=20,
    photos=(40,),
)
