"""`python -m server grid`: what other thresholds would have recognised, of the last months' visits."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from server.access.matching.neighbourhood import Population
from server.access.odds import RISKS, one_in, threshold_at, visit_risk
from server.access.rules import Rules
from server.audit.line import quoted
from server.commands.enrolled import enrolled, roster_of
from server.database.database import DatabaseError, address_of, look
from server.history import queries
from server.history.conditions import Span
from server.history.kept import KeptVisit
from server.history.thresholds import Line, grid_of
from server.settings import Settings
from server.support.errors import StartError

_HEADING = "strangers let in  threshold  recognised    grants lost  refused, would be recognised"


async def grid(settings: Settings, since: datetime | None = None, terminal: str | None = None) -> str:
    """The report as text, for the people enrolled now. Raises StartError."""
    span, terminals = Span(since), None if terminal is None else [terminal]
    address = address_of(settings.logs, settings.database)
    try:
        found = await asyncio.to_thread(
            look, address, lambda connection: queries.visits(connection, span, terminals, limit=None)
        )
    except DatabaseError as error:
        raise StartError(f"the history cannot be read: {error}") from error
    recogniser = settings.rules().recogniser.name
    own = [visit for visit in reversed(found or ()) if visit.recogniser == recogniser]
    others = len(found or ()) - len(own)
    left_out = [f"left out: {others} visits by another recogniser than {recogniser}"] if others else []
    if not own:
        return "\n".join(["no visits in the history", *left_out])
    async with enrolled(settings, roster_of(settings)) as watcher:
        told = report(own, settings.rules(), watcher.gallery.population)
    return "\n".join([told, *left_out])


def report(visits: Sequence[KeptVisit], rules: Rules, population: Population) -> str:
    """A line for each risk, and one for the threshold in force.

    `visits`: at least one, oldest first. `population`: who is enrolled.
    """
    present = rules.threshold_for(population)
    present_risk = visit_risk(rules, present, population)
    thresholds = [threshold_at(rules, risk, population) for risk in RISKS]
    *lines, now = grid_of(visits, [*thresholds, present], rules.least_margin)
    first, last = (visit.moment.date().isoformat() for visit in (visits[0], visits[-1]))
    return "\n".join(
        [
            f"visits: {len(visits)}, {first} to {last}; enrolled now: {population.people}",
            _HEADING,
            *(_shown(one_in(risk), line) for risk, line in zip(RISKS, lines, strict=True)),
            _shown("in force", now),
            f"in force: about {one_in(present_risk)}",
            *_names("grants lost", lines),
            *_names("refused, would be recognised", lines, gained=True),
        ]
    )


def _shown(risk: str, line: Line) -> str:
    recognised = f"{line.recognised} of {line.visits}"
    return f"{risk:<18}{line.threshold:<11.3f}{recognised:<14}{line.lost.total():<13}{line.gained.total()}"


def _names(title: str, lines: Sequence[Line], gained: bool = False) -> list[str]:
    told = []
    for line in lines:
        counts: Counter[str] = line.gained if gained else line.lost
        if counts:
            people = ", ".join(f"{quoted(name)} {count}" for name, count in sorted(counts.items()))
            told.append(f"  at {line.threshold:.3f}: {people}")
    return [f"{title}:", *told] if told else []
