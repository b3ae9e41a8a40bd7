"""What rules mean for the people enrolled here: the risk, and who would be refused. Pure."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from server.access.matching.neighbourhood import Population
from server.access.odds import is_lax, look_threshold, odds, refused_at_first, visit_risk
from server.access.rules import Rules
from server.gallery.admission import Pair
from server.gallery.self_test import Fate, Near, SelfTest

PHOTOS = (1, 2, 3, 5)
"""Numbers of photos for which refusals are told."""


@dataclass(frozen=True)
class Outlook:
    """`sentence`: the risk in words, as the log has it; None: nobody is enrolled. `lax`: the threshold
    deserves a warning. `threshold`: largest distance at which somebody is recognised; `risk`: the share of
    strangers' visits that it lets in. `refused`: number of photos -> the share of visits that are refused at
    first. `fates`: of the photos that stood in for visitors. `held`: pairs of people, the nearest first, of
    whom the later one's photos would be held as a look-alike's, and `held_pairs`, how many there are."""

    sentence: str | None
    lax: bool
    threshold: float
    risk: float
    refused: dict[int, float]
    fates: Counter[Fate]
    held: tuple[Near, ...]
    held_pairs: int


def outlook(
    rules: Rules, population: Population, found: SelfTest, confirmed: Collection[Pair] = ()
) -> Outlook:
    """`found`: the self test of those enrolled. `confirmed`: pairs who may look alike."""
    threshold = rules.threshold_for(population)
    limit = look_threshold(rules, max(1, population.people))
    alike = [near for near in found.nearest if near.distance <= limit]
    excused = [near for near in alike if frozenset(near.names) in confirmed]
    return Outlook(
        sentence=odds(rules, population) if population.people else None,
        lax=is_lax(rules, population),
        threshold=threshold,
        risk=visit_risk(rules, threshold, population),
        refused={photos: refused_at_first(rules, population, photos) for photos in PHOTOS},
        fates=Counter(each.fate(threshold, rules.least_margin) for each in found.tried),
        held=tuple(near for near in alike if near not in excused),
        held_pairs=found.within(limit) - len(excused),
    )


def recognised(rules: Rules, population: Population, found: SelfTest) -> Counter[str]:
    """How many photos of each person, as a visitor of one look, would be recognised."""
    threshold, margin = rules.threshold_for(population), rules.least_margin
    return Counter(each.name for each in found.tried if each.fate(threshold, margin) is Fate.RECOGNISED)
