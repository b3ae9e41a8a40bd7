"""The threshold in force, what it risks, and what others would have done to the visits that there were."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from server.access.odds import RISKS, odds, threshold_at, visit_risk
from server.history.conditions import Span
from server.history.corrections import CorrectionKind, correction_counts
from server.history.overview import threshold_stats
from server.history.thresholds import Line
from server.web.callers import Ports, Seer

router = APIRouter(tags=["recognition"])
shortcuts = APIRouter(tags=["compatibility"])
"""Outside of /api/v1, for programs that ask for it there."""
MOST_DAYS = 3650
NOBODY = "Nobody is enrolled: everybody is a stranger, and nobody is let in."
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="Only visits of so many days, up to now.")]


class ThresholdLine(BaseModel):
    """One threshold, all other rules as they are. `risk`: the share of strangers' visits that it lets in.
    `recognised`: visits of `visits` that came so near to somebody. `lost`: grants that would not have been
    made. `gained`: visits that were refused, and would have been recognised."""

    risk: float
    threshold: float
    visits: int
    recognised: int
    lost: int
    gained: int

    @classmethod
    def of(cls, risk: float, line: Line) -> "ThresholdLine":
        return cls(
            risk=float(f"{risk:.2g}"),
            threshold=round(line.threshold, 4),
            visits=line.visits,
            recognised=line.recognised,
            lost=line.lost.total(),
            gained=line.gained.total(),
        )


class CorrectionCounts(BaseModel):
    """Decisions that operators have said to be wrong: grants of somebody else, which weigh, and residents
    who were not recognised."""

    not_her: int
    was_him: int


class ThresholdStats(BaseModel):
    """`sentence`: what the threshold in force risks with those enrolled now. `by_hand`: it was set, and does
    not follow from a risk. `nearness`: by what factor thresholds are smaller here, as the people enrolled
    look more alike to the network than most. `corrections`: of decisions of these days.
    `in_force`, `grid`: the latest visits, at the present threshold and at those of several risks, the loosest
    first."""

    recogniser: str
    sentence: str
    by_hand: bool
    margin: float
    people: int
    photos: int
    nearness: float
    days: int
    corrections: CorrectionCounts
    in_force: ThresholdLine
    grid: list[ThresholdLine]


@router.get("/thresholds/stats")
async def stats(caller: Seer, running: Ports, days: Days = 90) -> ThresholdStats:
    """The threshold in force, the risk it stands for, and how many visits other thresholds would have
    recognised: visits at the terminals that the caller sees."""
    gallery, rules = running.gallery(), running.rules.rules
    population, name = gallery.population, gallery.recogniser.name
    present = rules.threshold_for(population)
    risks = [visit_risk(rules, present, population), *RISKS]
    thresholds = [present, *(threshold_at(rules, risk, population) for risk in RISKS)]
    span = Span(since=datetime.now() - timedelta(days=days))
    found = await running.database.read(
        lambda sql: threshold_stats(sql, thresholds, rules.least_margin, name, span, caller.terminals)
    )
    wrong = await running.database.read(lambda sql: correction_counts(sql, span, caller.terminals))
    in_force, *grid = (ThresholdLine.of(*pair) for pair in zip(risks, found, strict=True))
    return ThresholdStats(
        recogniser=name,
        sentence=_sentence(odds(rules, population)) if population.people else NOBODY,
        by_hand=rules.threshold is not None,
        margin=rules.least_margin,
        people=population.people,
        photos=gallery.photos,
        nearness=population.nearness,
        days=days,
        corrections=CorrectionCounts(
            not_her=wrong[CorrectionKind.NOT_HER], was_him=wrong[CorrectionKind.WAS_HIM]
        ),
        in_force=in_force,
        grid=grid,
    )


@shortcuts.get("/threshold_stats")
async def shortcut_to_stats(caller: Seer, running: Ports, days: Days = 90) -> ThresholdStats:
    """As /api/v1/thresholds/stats."""
    return await stats(caller, running, days)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
