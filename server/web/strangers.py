"""Unknown faces that came to the doors, out of recordings: which of them are the same. Kept until there is
news."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple

import numpy as np
from fastapi import Depends
from starlette.requests import HTTPConnection

from server.access.matching.gallery import Gallery
from server.access.matching.grouping import same_faces
from server.history.corrections import dismissed_strangers
from server.recording.files import FOLDER
from server.recording.unknown import UnknownVisit, unknown_on
from server.web.running import Running
from server.workers.process import WorkerGoneError

log = logging.getLogger(__name__)

_NEVER = -1


@dataclass(frozen=True)
class Near:
    """Whom a face is nearest to of those enrolled now."""

    name: str
    distance: float


@dataclass(frozen=True)
class StrangersVisit:
    """`near`: None when nobody is enrolled."""

    visit: UnknownVisit
    near: Near | None


@dataclass(frozen=True)
class Stranger:
    """One unknown face. `visits`: newest first, at least one."""

    visits: tuple[StrangersVisit, ...]

    @property
    def id(self) -> str:
        """Of the newest decision; whoever has one of an older visit finds the face by it, too."""
        return self.visits[0].visit.decision

    def at(self, terminals: Collection[str] | None) -> "Stranger | None":
        """With the visits at these terminals alone; None: there is none."""
        seen = tuple(each for each in self.visits if terminals is None or each.visit.terminal in terminals)
        return Stranger(seen) if seen else None


class _Day(NamedTuple):
    """`on`: the day on which its visits were read."""

    on: date
    visits: list[UnknownVisit]


class Strangers:
    """Owned by the event loop. Days that are over are read once; the present one again when there is news."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._days: dict[date, _Day] = {}
        self._known: list[Stranger] = []
        self._dismissed: set[str] = set()
        self._turn = _NEVER
        self._gallery = _NEVER
        self._looking: asyncio.Task[None] | None = None

    @property
    def looking(self) -> bool:
        """Whether recordings are being read just now."""
        return self._looking is not None and not self._looking.done()

    def look(self) -> None:
        """Have the recordings read where there is news; `known` tells of it afterwards."""
        running = self._running
        news = (running.news.turn, running.gallery().version) != (self._turn, self._gallery)
        if news and not self.looking:
            self._turn, self._gallery = running.news.turn, running.gallery().version
            self._looking = asyncio.create_task(self._look())

    async def known(self, terminals: Collection[str] | None) -> list[Stranger]:
        """As far as the recordings are read: those who came most often first, none of whom somebody has said
        that nothing more is needed. `terminals`: only visits there; None: all."""
        since = datetime.now() - timedelta(days=self._running.settings.record_days + 1)
        dismissed = await self._running.database.read(lambda sql: dismissed_strangers(sql, since))
        dismissed |= self._dismissed
        left = [each for each in self._known if dismissed.isdisjoint(_decisions(each))]
        seen = [found for each in left if (found := each.at(terminals)) is not None]
        return sorted(seen, key=lambda each: (len(each.visits), each.visits[0].visit.moment), reverse=True)

    def dismiss(self, stranger: Stranger) -> None:
        """Tell no more of this face."""
        self._dismissed.update(_decisions(stranger))

    def forget(self) -> None:
        """Recordings are others now: have all of them read again."""
        self._days, self._known, self._turn = {}, [], _NEVER

    async def _look(self) -> None:
        running, settings = self._running, self._running.settings
        today = datetime.now().date()
        wanted = [today - timedelta(days=back) for back in range(settings.record_days, -1, -1)]
        self._days = {day: read for day, read in self._days.items() if day in wanted}
        unread = [day for day in wanted if day not in self._days or self._days[day].on <= day]
        gallery, folder = running.gallery(), settings.logs / FOLDER
        try:
            if folder.is_dir():
                found = await running.aside.run(
                    unknown_on, folder, gallery.recogniser, unread, running.cipher
                )
                self._days |= {day: _Day(today, visits) for day, visits in found.items()}
            visits = [visit for _, day in sorted(self._days.items()) for visit in day.visits]
            threshold = running.rules.rules.threshold_for(gallery.population)
            self._known = await asyncio.to_thread(_grouped, visits, gallery, threshold)
        except (OSError, WorkerGoneError) as error:
            log.error("recordings cannot be read for unknown visitors: %s", error)


def _decisions(stranger: Stranger) -> Iterable[str]:
    return [each.visit.decision for each in stranger.visits]


def _grouped(visits: Sequence[UnknownVisit], gallery: Gallery, threshold: float) -> list[Stranger]:
    """For another thread. `visits`: oldest first. Whoever would be recognised today is unknown no more."""
    if not visits:
        return []
    near = [_near(visit, gallery) for visit in visits]
    groups = same_faces(np.stack([visit.template for visit in visits]), gallery.recogniser)
    return [
        Stranger(tuple(StrangersVisit(visits[at], near[at]) for at in reversed(group)))
        for group in groups
        if all(found is None or found.distance > threshold for found in (near[at] for at in group))
    ]


def _near(visit: UnknownVisit, gallery: Gallery) -> Near | None:
    match = gallery.match(visit.template)
    return None if match is None else Near(match.name, match.distance)


def strangers(connection: HTTPConnection) -> Strangers:
    """Those of the app that is asked."""
    found: Strangers = connection.app.state.strangers
    return found


Unknown = Annotated[Strangers, Depends(strangers)]
