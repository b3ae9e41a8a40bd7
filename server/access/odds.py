"""What the rules risk, and what they cost, with so many people enrolled; also in words."""

from server.access.rules import VISIT_LOOKS, Rules

LAX_RISK = 1e-3
"""A threshold set by hand that lets in a larger share of strangers deserves a warning."""


def odds(rules: Rules, people: int) -> str:
    """Such as "with your 63 people: about 1 stranger in 10,000; threshold 0.27". `people`: at least 1."""
    threshold = rules.threshold_for(people)
    strangers = 1 / rules.recogniser.calibration.risk(threshold, people, looks=VISIT_LOOKS)
    who = f"{people} {'person' if people == 1 else 'people'}"
    return f"with your {who}: about 1 stranger in {float(f'{strangers:.2g}'):,.0f}; threshold {threshold:.2f}"


def is_lax(rules: Rules, people: int) -> bool:
    """Whether a threshold set by hand lets in more strangers than `LAX_RISK`, with so many enrolled."""
    if rules.threshold is None:
        return False
    return rules.recogniser.calibration.risk(rules.threshold, max(1, people), looks=VISIT_LOOKS) > LAX_RISK


def look_threshold(rules: Rules, people: int) -> float:
    """The distance at which a single look is taken for one of `people`, at least 1."""
    if rules.threshold is not None:
        return rules.threshold
    return rules.recogniser.calibration.threshold(rules.max_false_accept, people)


def refused_at_first(rules: Rules, people: int, photos: int) -> float:
    """The share, 0 to 1, of visits of somebody with so many photos that the first looks do not suffice for.
    `people`: how many are enrolled; both at least 1."""
    return rules.recogniser.calibration.false_reject(rules.threshold_for(people), photos, rules.looks)
