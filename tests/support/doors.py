"""Doors whose decisions are written down at once, or are not."""

from server.access.decision import Decision
from server.access.door import Door
from server.access.outcome import Outcome, VisitSummary


def settled(door: Door, outcome: Outcome, written: bool = True) -> Outcome:
    """What comes of an outcome once its decision, if there is one, is settled."""
    return door.settle(outcome.decision, written) if outcome.decision else outcome


def close(door: Door) -> tuple[list[Decision], list[VisitSummary]]:
    """The terminal leaves: the decisions on what was under way, and all visits that had not ended."""
    decisions: list[Decision] = []
    ended: list[VisitSummary] = []
    while True:
        outcome = settled(door, door.leave())
        ended += outcome.ended
        if outcome.decision is None:
            return decisions, ended
        decisions.append(outcome.decision)
