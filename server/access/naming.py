"""How people are called in what is written down: by their names, or by words that do not name them. Pure."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from server.access.decision import Decision, Nearest
from server.access.outcome import VisitSummary

Naming: TypeAlias = Callable[[str], str]
"""From a person's name to what is written in its place."""


def by_name(name: str) -> str:
    return name


def decision_by(naming: Naming, decision: Decision) -> Decision:
    return replace(
        decision,
        name=None if decision.name is None else naming(decision.name),
        nearest=tuple(Nearest(naming(each.name), each.distance) for each in decision.nearest),
    )


def summary_by(naming: Naming, summary: VisitSummary) -> VisitSummary:
    return replace(
        summary,
        decision=None if summary.decision is None else decision_by(naming, summary.decision),
        candidate=None if summary.candidate is None else naming(summary.candidate),
    )
