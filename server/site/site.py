"""The files of one site, and what the running server has taken over of them."""

import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.site.people_edit import PeopleFile

TAKE_OVER_SECONDS = 15.0
"""How long the server may take to follow a change: two seconds, and longer where it compares many photos."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class InForce:
    """What holds at the doors at this moment. Each may be called from any thread.

    `hasten`: have the server look at its files now.
    """

    roster: Callable[[], Roster]
    gallery: Callable[[], Gallery]
    hasten: Callable[[], None]
    sleep: Callable[[float], None] = time.sleep

    def limits(self, wanted: Roster, names: Collection[str], paths: Collection[str]) -> bool:
        """Whether by now `names`, and the photos at `paths`, are limited as in `wanted`."""
        now = self.roster()
        pairs = {pair for pair in wanted.confirmed if not pair.isdisjoint(names)}
        permits = all(now.permits.get(name) == wanted.permits.get(name) for name in names)
        return permits and pairs <= now.confirmed and wanted.held.intersection(paths) <= now.held

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait until the server has taken a change over; False: it does not."""
        self.hasten()
        for _ in range(round(TAKE_OVER_SECONDS / LOOK_SECONDS)):
            if condition():
                return True
            self.sleep(LOOK_SECONDS)
        return condition()


@dataclass(frozen=True)
class Site:
    """`faces`: the folder of photos. `listing`: keeps the server from looking at it (`PhotoWatcher`).
    `changing`: held by whoever changes photos here."""

    faces: Path
    people: PeopleFile
    in_force: InForce
    listing: AbstractContextManager[object]
    changing: threading.Lock = field(default_factory=threading.Lock)
