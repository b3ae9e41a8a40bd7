"""Exact binomial confidence bounds, by Clopper and Pearson."""

import math
from collections.abc import Callable

CONFIDENCE = 0.95


def bounds(hits: int, trials: int) -> tuple[float, float]:
    """Lower and upper 95 % bound of a probability of which `hits` of `trials` were seen; either side is
    left out with at most 2.5 %. Raises ValueError when these cannot be counts."""
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} are no counts")
    rest = (1 - CONFIDENCE) / 2
    lower = 0.0 if hits == 0 else _solve(lambda share: 1 - _at_most(hits - 1, trials, share), rest)
    upper = 1.0 if hits == trials else _solve(lambda share: 1 - _at_most(hits, trials, share), 1 - rest)
    return lower, upper


def _at_most(hits: int, trials: int, share: float) -> float:
    """Probability of `hits` or fewer."""
    if share <= 0 or share >= 1:
        return float(share <= 0 or hits == trials)
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(each + 1)
        - math.lgamma(trials - each + 1)
        + each * math.log(share)
        + (trials - each) * math.log1p(-share)
        for each in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(log) for log in logs))


def _solve(rising: Callable[[float], float], goal: float) -> float:
    """Where a function that rises from 0 to 1 reaches the goal."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return (low + high) / 2
