"""What the rules risk, and what they cost, with these people enrolled; also in words."""

from dataclasses import replace

from server.access.matching.calibration import FARTHEST
from server.access.matching.neighbourhood import Population
from server.access.rules import VISIT_LOOKS, Rules

RISKS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Shares of strangers let in whose thresholds are compared, the loosest first."""
LAX_RISK = 1e-3
"""A threshold set by hand that lets in a larger share of strangers deserves a warning."""


def odds(rules: Rules, population: Population) -> str:
    """Such as "with your 63 people: about 1 stranger in 10,000; threshold 0.92 (sface)". `population`: of at
    least 1."""
    people = population.people
    threshold = rules.threshold_for(population)
    strangers = 1 / visit_risk(rules, threshold, population)
    who = f"{people} {'person' if people == 1 else 'people'}"
    told = f"with your {who}: about 1 stranger in {float(f'{strangers:.2g}'):,.0f}"
    return f"{told}; threshold {threshold:.2f} ({rules.recogniser}){_nearer(rules, population)}"


def visit_risk(rules: Rules, threshold: float, population: Population) -> float:
    """The share of strangers' visits that this threshold lets in as one of the population, at least 1."""
    return _risk(rules, threshold, population, VISIT_LOOKS)


def look_risk(rules: Rules, threshold: float, population: Population) -> float:
    """The share of strangers' single looks that come within this threshold of one of the population, at least
    1."""
    return _risk(rules, threshold, population, 1)


def threshold_at(rules: Rules, risk: float, population: Population) -> float:
    """The threshold that lets in this share of strangers, whatever was set by hand."""
    return replace(rules, threshold=None, max_false_accept=risk).threshold_for(population)


def one_in(risk: float) -> str:
    """Such as "1 in 10,000"."""
    return f"1 in {float(f'{1 / risk:.2g}'):,.0f}"


def is_lax(rules: Rules, population: Population) -> bool:
    """Whether a threshold set by hand lets in more strangers than `LAX_RISK`."""
    return rules.threshold is not None and visit_risk(rules, rules.threshold, population) > LAX_RISK


def look_threshold(rules: Rules, people: int) -> float:
    """The distance at which a single look is taken for one of `people`, at least 1, who are no nearer to each
    other than elsewhere."""
    if rules.threshold is not None:
        return rules.threshold
    return rules.recogniser.calibration.threshold(rules.max_false_accept, people)


def refused_at_first(rules: Rules, population: Population, photos: int) -> float:
    """The share, 0 to 1, of visits of somebody with so many photos that the first looks do not suffice for.
    Both at least 1."""
    return rules.recogniser.calibration.false_reject(rules.threshold_for(population), photos, rules.looks)


def _risk(rules: Rules, threshold: float, population: Population, looks: int) -> float:
    elsewhere = min(threshold / population.nearness, FARTHEST)
    return rules.recogniser.calibration.risk(elsewhere, max(1, population.people), looks)


def _nearer(rules: Rules, population: Population) -> str:
    """That the people here look more alike, to the network, than those it was measured with."""
    if population.nearness == 1:
        return ""
    tighter = f"{1 - population.nearness:.0%}"
    if rules.threshold is not None:
        return f"; your people look more alike than most: {tighter} tighter would be as safe as elsewhere"
    return f", {tighter} tighter than elsewhere, as your people look more alike than most"
