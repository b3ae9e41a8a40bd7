"""Visits as they were decided and as they are decided now, paired and counted. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from server.access.decision import Decision
from server.access.outcome import VisitSummary
from wire import Verdict


@dataclass(frozen=True)
class Compared:
    """One visit: what was decided last then (`before`) and what is decided last now (`after`); None: nothing.

    `moment`: when the visit was decided, or else when it was over.
    """

    moment: datetime
    terminal: str
    before: Decision | None
    after: Decision | None

    @property
    def changed(self) -> bool:
        """Whether it ends with another verdict, name or reason."""
        return _essence(self.before) != _essence(self.after)


def _essence(decision: Decision | None) -> object:
    return decision and (decision.verdict, decision.name, decision.reason)


_Key: TypeAlias = tuple[int, float]
"""Looks and seconds of a visit: they do not depend on the rules, and hardly another visit has the same."""


class Pairs:
    """Finds the same visit then and now, at one terminal."""

    def __init__(self, terminal: str) -> None:
        self._terminal = terminal
        self._then: dict[_Key, list[VisitSummary]] = {}
        self._now: dict[_Key, list[VisitSummary]] = {}
        self._moments: dict[str, datetime] = {}
        self._last = datetime.min

    def decided(self, moment: datetime, *decisions: Decision | None) -> None:
        """These decisions were made at that moment, then or now. Moments never decrease."""
        self._last = moment
        for decision in decisions:
            if decision is not None:
                self._moments[decision.id] = moment

    def over(self, then: Sequence[VisitSummary], now: Sequence[VisitSummary]) -> list[Compared]:
        """These visits are over. Returns those that are, then and now."""
        for summary in then:
            self._then.setdefault(_key(summary), []).append(summary)
        for summary in now:
            self._now.setdefault(_key(summary), []).append(summary)
        paired = []
        for key in [_key(summary) for summary in (*then, *now)]:
            while self._then.get(key) and self._now.get(key):
                paired.append(self._compared(self._then[key].pop(0), self._now[key].pop(0)))
        return paired

    def unpaired(self) -> list[Compared]:
        """What is left in the end: visits too short to count under the one rules or the other."""
        then = [self._compared(each, None) for summaries in self._then.values() for each in summaries]
        now = [self._compared(None, each) for summaries in self._now.values() for each in summaries]
        self._then, self._now = {}, {}
        return then + now

    def _compared(self, then: VisitSummary | None, now: VisitSummary | None) -> Compared:
        before = then.decision if then else None
        after = now.decision if now else None
        moments = [self._moments.pop(each.id, None) for each in (before, after) if each is not None]
        moment = next((each for each in moments if each is not None), self._last)
        return Compared(moment, self._terminal, before, after)


def _key(summary: VisitSummary) -> _Key:
    return summary.looks, summary.seconds


@dataclass
class Totals:
    """Visits by how they ended, then and now, and the grants of each person, then and now."""

    visits: int = 0
    granted: list[int] = field(default_factory=lambda: [0, 0])
    denied: list[int] = field(default_factory=lambda: [0, 0])
    people: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, compared: Iterable[Compared]) -> "Totals":
        totals = cls()
        for each in compared:
            totals.add(each)
        return totals

    def add(self, compared: Compared) -> None:
        self.visits += 1
        for at, decision in enumerate((compared.before, compared.after)):
            if decision is None:
                continue
            granted = decision.verdict is Verdict.GRANTED
            self.granted[at] += granted
            self.denied[at] += not granted
            if granted and decision.name is not None:
                self.people.setdefault(decision.name, [0, 0])[at] += 1
