"""What a distance threshold risks and what it costs: measured, from `calibration_*.json`.

One curve tells how often two different people come out at a distance (`templates.distance`) or nearer. The
score being what it is (`templates.scaled`), that curve holds for any number of photos and looks. The files,
one for each recogniser, are written by `python -m tests.benchmarks.accuracy.calibrate`; docs/accuracy/ tells
from what, and how good they are.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LEAST_RISK, GREATEST_RISK = 1e-6, 0.5
MOST_PEOPLE = 1_000_000
MOST_LOOKS = 40
"""Longer visits were not measured."""
FARTHEST = 2.0
"""No two templates are farther apart."""


@dataclass(frozen=True)
class Calibration:
    """What was measured for one recogniser.

    `distances`: ascending. `log_risks`: ascending, log10 of the share of comparisons with strangers that come
    out at each of them or nearer. `tail`: log10 of that share per unit of distance below the first of them.
    `looks`: ascending numbers of looks, from a single comparison on; `growth`: how many independent
    comparisons a visit of so many looks is worth. `steps`: ascending distances; `refused[photos, looks]`:
    the share of a person's own comparisons that come out farther than each.
    """

    distances: Sequence[float]
    log_risks: Sequence[float]
    tail: float
    looks: Sequence[int]
    growth: Sequence[float]
    steps: Sequence[float]
    refused: dict[tuple[int, int], Sequence[float]]

    @classmethod
    def of(cls, table: dict[str, Any]) -> "Calibration":
        """From the content of the file. Raises KeyError, TypeError or ValueError for anything else."""
        strangers, visit, genuine = table["strangers"], table["visit"], table["genuine"]
        cells = {tuple(map(int, key.split("/"))): row for key, row in genuine["refused"].items()}
        return cls(
            distances=strangers["distance"],
            log_risks=strangers["log10_risk"],
            tail=strangers["tail"],
            looks=visit["looks"],
            growth=visit["growth"],
            steps=genuine["distance"],
            refused={(photos, looks): row for (photos, looks), row in cells.items()},
        )

    def threshold(self, risk: float, people: int, looks: int = 1) -> float:
        """The distance up to which a stranger's visit is accepted as any of `people` with probability `risk`.

        `risk`: 1e-6 to 0.5. `people`: enrolled, 1 to 1,000,000. `looks`: how many the visit may take, 1 to
        40. Up to three are one comparison of them together. With more, the comparison is repeated with each
        look from the third on, and `risk` is that of the whole visit. Raises ValueError outside these ranges.
        """
        if not LEAST_RISK <= risk <= GREATEST_RISK:
            raise ValueError(f"a risk is {LEAST_RISK:g} to {GREATEST_RISK:g}, not {risk!r}")
        single = -math.expm1(math.log1p(-risk) / self._comparisons(people, looks))
        log_risk = math.log10(single)
        if log_risk < self.log_risks[0]:
            return self.distances[0] - (self.log_risks[0] - log_risk) / self.tail
        return _interpolate(log_risk, self.log_risks, self.distances)

    def risk(self, threshold: float, people: int, looks: int = 1) -> float:
        """The probability that a stranger's visit is accepted as any of `people` up to the distance
        `threshold`: the inverse of `threshold`, for any distance from 0 to 2. Raises ValueError outside its
        ranges."""
        single: float = 10 ** self._log_risk(_distance(threshold))
        comparisons = self._comparisons(people, looks)
        return 1.0 if single >= 1 else -math.expm1(comparisons * math.log1p(-single))

    def extrapolated(self, risk: float, people: int, looks: int = 1) -> bool:
        """Whether the threshold for this lies where strangers were too few to count: there a fitted tail
        tells the risk. Raises ValueError as `threshold` does."""
        return self.threshold(risk, people, looks) < self.distances[0]

    def false_reject(self, threshold: float, photos: int = 1, looks: int = 1) -> float:
        """The share, 0 to 1, of an enrolled person's comparisons that come out farther than `threshold`.

        Measured for up to 5 photos and 3 looks; more count as that many. Its looks are unrelated photos,
        which say more than as many of one video. Raises ValueError as `risk` does.
        """
        _check(1, looks)
        if photos < 1:
            raise ValueError(f"the number of photos is at least 1, not {photos!r}")
        most_photos, most_looks = max(self.refused)
        row = self.refused[min(photos, most_photos), min(looks, most_looks)]
        return _interpolate(_distance(threshold), self.steps, row)

    def _log_risk(self, distance: float) -> float:
        if distance < self.distances[0]:
            return self.log_risks[0] - (self.distances[0] - distance) * self.tail
        return _interpolate(distance, self.distances, self.log_risks)

    def _comparisons(self, people: int, looks: int) -> float:
        """How many independent comparisons with a stranger a visit is worth."""
        _check(people, looks)
        return people * _interpolate(float(looks), self.looks, self.growth)


def table_file(name: str) -> Path:
    """Where the table of the recogniser of that name is."""
    return Path(__file__).with_name(f"calibration_{name}.json")


@cache
def shipped(name: str) -> Calibration:
    """What that table says."""
    return Calibration.of(json.loads(table_file(name).read_text(encoding="utf-8")))


def _check(people: int, looks: int) -> None:
    if not 1 <= people <= MOST_PEOPLE:
        raise ValueError(f"the number of people is 1 to {MOST_PEOPLE:,}, not {people!r}")
    if not 1 <= looks <= MOST_LOOKS:
        raise ValueError(f"the number of looks is 1 to {MOST_LOOKS}, not {looks!r}")


def _distance(threshold: float) -> float:
    if not 0 <= threshold <= FARTHEST:
        raise ValueError(f"a threshold is a distance of 0 to {FARTHEST:g}, not {threshold!r}")
    return threshold


def _interpolate(at: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Piecewise linear through (x, y), `xs` ascending; beyond its ends the value there."""
    right = bisect_left(xs, at)
    if right == 0:
        return ys[0]
    if right == len(xs):
        return ys[-1]
    part = (at - xs[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + part * (ys[right] - ys[right - 1])
