"""How much is measured: the whole benchmark, or a quick look at whether it works."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Window:
    """Which frames of a scene: the first one's number, and how many. `rounds`: how often it is measured."""

    first: int
    count: int
    rounds: int = 3


@dataclass(frozen=True)
class Ladder:
    """Growing numbers of terminals: `steps` always, `further` ones while those before were served well; each
    measured for so many seconds."""

    steps: tuple[int, ...]
    further: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class Plan:
    """The amounts of one run.

    `timed`: frames of a scene on which the loops are timed in each round, `judged`: frames on which all are
    compared with the plain loop; both are spread evenly, as that loop is too slow for all of them. `visits`:
    terminals where people come and go, `standing`: where nothing changes. `visit_seconds`: how long a visitor
    stays there; `visit_starts`: from which second of a film on. `settle`: seconds before each step counts
    (see `SETTLE_SHARE`). `idle_terminals` send `IDLE_FPS` frames per second. `photos`: sizes of the photo
    folders that the server starts with.
    """

    windows: Mapping[str, Window]
    timed: int
    judged: int
    visits: Ladder
    standing: Ladder
    visit_seconds: float
    visit_starts: tuple[float, ...]
    settle: float
    idle_terminals: int
    photos: tuple[int, ...]


MAIN = ("visit", "photo", "resident")
"""The scenes that tell how fast a door is as it is used."""
TERMINAL_FPS = 15.0
"""What each of many terminals sends while somebody stands before it."""
IDLE_FPS = 2.0
"""What a terminal sends while nobody does."""
SETTLE_SHARE = 0.03
"""Seconds more to settle for each terminal: all of them connect at once, and all need a first look."""

NORMAL = Plan(
    windows={
        "visit": Window(462, 200),
        "photo": Window(0, 1800, rounds=1),
        "resident": Window(0, 1440, rounds=1),
        "stage": Window(0, 275),
        "stranger": Window(0, 100),
        "nobody": Window(0, 120),
        "two": Window(0, 90),
        "four": Window(0, 90),
    },
    timed=20,
    judged=120,
    visits=Ladder(steps=(8, 16), further=(24, 32), seconds=44.0),
    standing=Ladder(steps=(1, 4, 8, 16, 24), further=(32, 64, 128), seconds=6.0),
    visit_seconds=8.0,
    visit_starts=(18.5, 30.0),
    settle=2.0,
    idle_terminals=100,
    photos=(1000,),
)

FULL = replace(NORMAL, photos=(1000, 10_000))

QUICK = Plan(
    windows={
        "visit": Window(462, 50, rounds=1),
        "photo": Window(0, 20, rounds=1),
        "resident": Window(0, 16, rounds=1),
        "stage": Window(200, 16, rounds=1),
        "stranger": Window(0, 8, rounds=1),
        "nobody": Window(0, 8, rounds=1),
        "two": Window(0, 8, rounds=1),
        "four": Window(0, 8, rounds=1),
    },
    timed=3,
    judged=12,
    visits=Ladder(steps=(2,), further=(), seconds=10.0),
    standing=Ladder(steps=(1, 4), further=(), seconds=1.5),
    visit_seconds=3.0,
    visit_starts=(18.5,),
    settle=0.5,
    idle_terminals=20,
    photos=(40,),
)
