"""Which recorded visits come out otherwise when other photos are enrolled, the latest days first."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from server.access.decision import Decision
from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.rules import Rules
from server.recording.comparison import Compared
from server.recording.files import Recording, find, in_order
from server.recording.rerun import Draws, Rerun


@dataclass(frozen=True)
class Changed:
    """A recorded visit that comes out otherwise: `one` with the one gallery, `other` with the other; None:
    nothing is decided. `moment`: when it was, by the door's clock. `decision`: the id of what was decided
    then."""

    moment: datetime
    terminal: str
    decision: str | None
    one: Decision | None
    other: Decision | None


@dataclass(frozen=True)
class Comparison:
    """`visits`: how many were decided again. `changed`: of these, in order. `since`: the first day that was
    looked at; None: nothing is recorded. `complete`: False when the time was up before the first one."""

    visits: int
    changed: tuple[Changed, ...]
    since: date | None
    complete: bool


def compare_galleries(
    folder: Path,
    rules: Rules,
    roster: Roster,
    galleries: tuple[Gallery, Gallery],
    since: date,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Comparison:
    """Decide what was recorded from `since` on with the one gallery and with the other, under the same rules.

    The latest day is first, each as a whole or not at all, for about so many seconds. For another process:
    it takes all of that time. Raises OSError.
    """
    deadline = clock() + seconds
    changed: list[Changed] = []
    visits, reached, complete = 0, None, True
    for day, recordings in _days(find(folder, since)[0], rules.recogniser.name):
        decided = _decided(recordings, rules, roster, galleries, lambda: clock() < deadline)
        if decided is None:
            complete = False
            break
        one, other = decided
        visits, reached = visits + len(one.keys() | other.keys()), day
        changed += _changed(one, other)
    return Comparison(visits, tuple(sorted(changed, key=lambda each: each.moment)), reached, complete)


_Visits: TypeAlias = dict[tuple[datetime, str, str | None], Decision | None]
"""When, where and what was decided then -> what is decided now."""


def _days(recordings: Sequence[Recording], recogniser: str) -> list[tuple[date, list[Recording]]]:
    """The recordings by that recogniser of each day, the latest first."""
    own = [each for each in recordings if each.header.rules.get("recogniser") == recogniser]
    by_day = groupby(sorted(own, key=_day), key=_day)
    return [(day, list(several)) for day, several in by_day][::-1]


def _day(recording: Recording) -> date:
    return date.fromisoformat(recording.path.parent.name)


def _decided(
    recordings: Sequence[Recording],
    rules: Rules,
    roster: Roster,
    galleries: tuple[Gallery, Gallery],
    in_time: Callable[[], bool],
) -> tuple[_Visits, _Visits] | None:
    """What is decided with each gallery; None: the time is up."""
    draws = _draws(recordings, in_time)
    if draws is None:
        return None
    reruns = [Rerun(rules, gallery, roster, draws) for gallery in galleries]
    visits: list[_Visits] = [{}, {}]
    for recording, entry in in_order(recordings):
        if not in_time():
            return None
        for rerun, found in zip(reruns, visits, strict=True):
            found.update(_by_visit(rerun.feed(recording.header, entry).compared))
    for rerun, found in zip(reruns, visits, strict=True):
        found.update(_by_visit(rerun.finish()))
    return visits[0], visits[1]


def _draws(recordings: Sequence[Recording], in_time: Callable[[], bool]) -> Mapping[str, Draws] | None:
    """What chance gave in each session; None: the time is up."""
    found: defaultdict[str, Draws] = defaultdict(Draws)
    for recording, entry in in_order(recordings):
        if not in_time():
            return None
        found[recording.header.session].take(entry)
    return found


def _by_visit(
    compared: Sequence[Compared],
) -> Iterator[tuple[tuple[datetime, str, str | None], Decision | None]]:
    for each in compared:
        yield (each.moment, each.terminal, None if each.before is None else each.before.id), each.after


def _changed(one: _Visits, other: _Visits) -> Iterator[Changed]:
    for moment, terminal, decision in one.keys() | other.keys():
        key = moment, terminal, decision
        if _essence(one.get(key)) != _essence(other.get(key)):
            yield Changed(*key, one.get(key), other.get(key))


def _essence(decision: Decision | None) -> object:
    """Another reason for refusing nobody, or somebody, is no other outcome."""
    return decision and (decision.verdict, decision.name)
