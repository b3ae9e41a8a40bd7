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
from server.support.cipher import Cipher


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
    looked at; None: nothing is recorded. `complete`: False when the time was up before all of it was."""

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
    cipher: Cipher | None = None,
) -> Comparison:
    """Decide what was recorded from `since` on with the one gallery and with the other, under the same rules.

    The latest day is first, for about so many seconds: of the last one that is reached perhaps its beginning
    only. For another process: 150 visits of four seconds take some 15 s. Raises OSError.
    """
    deadline = clock() + seconds
    changed: list[Changed] = []
    visits, reached, complete = 0, None, True
    for day, recordings in _days(find(folder, since, cipher)[0], rules.recogniser.name):
        one, other, complete = _decided(recordings, rules, roster, galleries, lambda: clock() < deadline)
        visits += len(one.keys() | other.keys())
        changed += _changed(one, other)
        if complete or one:
            reached = day
        if not complete:
            break
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
) -> tuple[_Visits, _Visits, bool]:
    """What is decided with each gallery, and whether that is all; else the same visits of both."""
    draws = _draws(recordings, in_time)
    if draws is None:
        return {}, {}, False
    reruns = [Rerun(rules, gallery, roster, draws) for gallery in galleries]
    visits: list[_Visits] = [{}, {}]
    for recording, entry in in_order(recordings):
        if not in_time():
            both = visits[0].keys() & visits[1].keys()
            one, other = ({key: found[key] for key in both} for found in visits)
            return one, other, False
        for rerun, found in zip(reruns, visits, strict=True):
            found.update(_by_visit(rerun.feed(recording.header, entry).compared))
    for rerun, found in zip(reruns, visits, strict=True):
        found.update(_by_visit(rerun.finish()))
    return visits[0], visits[1], True


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
