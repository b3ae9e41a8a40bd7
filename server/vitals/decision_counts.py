"""How often which decision was made at which terminal, since the start."""

from collections import Counter
from typing import NamedTuple

from server.events import Decided, Event

MOST = 10_000
"""Kinds that are told apart: names of terminals may be invented where none needs a token."""


class Kind(NamedTuple):
    """`verdict` and `reason`: as in the access log."""

    terminal: str
    verdict: str
    reason: str


class DecisionCounts:
    """An event sink."""

    name = "decision counts"
    wants = (Decided,)

    def __init__(self) -> None:
        self._counts: Counter[Kind] = Counter()

    def take(self, event: Event) -> None:
        assert isinstance(event, Decided)
        decision = event.decision
        kind = Kind(event.terminal, decision.verdict.value, decision.reason.value)
        if kind not in self._counts and len(self._counts) >= MOST:
            kind = kind._replace(terminal="")
        self._counts[kind] += 1

    def missed(self, events: int) -> None:
        """The numbers are lower than they should be; `Events.lost` tells by how much."""

    def close(self) -> None: ...

    def counts(self) -> dict[Kind, int]:
        return dict(self._counts)
