"""The files that `server.access.matching.calibration` reads, made anew: one for each recogniser (a quarter of
an hour).

python -m tests.benchmarks.accuracy.calibrate [../shared/data]
"""

import json
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.access.matching.calibration import FARTHEST, table_file
from server.access.matching.recogniser import RECOGNISERS, Recogniser, RecogniserName
from server.vision.models import load_models
from tests.benchmarks.accuracy.curve import Counts, at_share, pooled, stranger_counts, tail
from tests.benchmarks.accuracy.identities import CALIBRATING, LFW, Identities, load, missing, natural
from tests.benchmarks.accuracy.resampled import Nearness, bounded, nearness
from tests.benchmarks.accuracy.trials import CELLS, Rule, own, rule_of
from tests.benchmarks.accuracy.visits import FIRST, LENGTHS, Chances, chances, gallery_of, strangers
from tests.support.photos import DATA, MODEL_CACHE

LOG_RISKS = (
    -5.0,
    -4.75,
    -4.5,
    -4.25,
    -4.0,
    -3.75,
    -3.5,
    -3.25,
    -3.0,
    -2.5,
    -2.0,
    -1.5,
    -1.0,
    -0.5,
    -0.2,
    -0.05,
)
"""The curve's points. 1e-5 of all pairs of LFW's people are 40 pairs: fewer are not counted but fitted."""
FITTED = 1e-4
"""The share of strangers that the tail is fitted to."""
BOUNDED = -3.0
"""Log10 of the greatest share that is bounded: above, choices of people hardly differ (0.3 % of the distance
at the next point)."""
LEAST_PAIRS = 10
"""Of fewer pairs of people a share is not told."""
LEAST_STEP = 1e-4
"""From one point of the curve to the next."""
VISIT_RISKS = (1e-2, 10**-2.5, 1e-3, 10**-3.5)
"""Where the growth of a visit's risk is measured: below, too few of the few strangers on video are
accepted."""
STEPS: dict[RecogniserName, tuple[float, ...]] = {
    "dlib": tuple(round(0.1 + 0.01 * step, 2) for step in range(51)),
    "sface": tuple(round(0.6 + 0.01 * step, 2) for step in range(71)),
}
"""Distances at which false rejects are tabled."""
HELD: dict[RecogniserName, tuple[str, ...]] = {"sface": ("casia", "orl", "london"), "dlib": ()}
"""The natural sets for which the stated risk shall hold, too. dlib's network makes East Asian strangers so
alike that no threshold of use to anybody would do (docs/accuracy/): its table holds for people like LFW's,
and a site's own people tell where they are others (`access.matching.neighbourhood`)."""
PHOTOS, FRAMES = 5, 3
"""Most photos and frames of which the false rejects are tabled."""
OWN_DRAWS = 40


@dataclass(frozen=True)
class Strangers:
    """Where shares of strangers come out, at LOG_RISKS: `found` of some people, all counts of photos and
    frames together; `bounds`: what another choice of as many people would keep to, 95 % surely, with each of
    the counts. `tail`: log10 of the share per unit of distance beyond."""

    found: tuple[float, ...]
    bounds: tuple[float, ...]
    tail: float

    @classmethod
    def of(cls, recogniser: Recogniser, identities: Identities, counts: Counts) -> "Strangers":
        """`counts`: those of the people, `pooled`."""
        rule = rule_of(recogniser)
        bounds = np.stack([_bounds(identities, cell, rule) for cell in CELLS]).min(axis=0)
        found = (at_share(counts, 10**log_risk) for log_risk in LOG_RISKS)
        return cls(tuple(found), tuple(map(float, bounds)), tail(counts, FITTED))

    def table(self, factor: float) -> dict[str, Any]:
        """The nearer counts: the bound, or what was found times `factor`, which other people keep to. No
        share is farther than a greater one."""
        nearest = [FARTHEST]
        for bound, here in zip(reversed(self.bounds), reversed(self.found), strict=True):
            nearest.append(min(bound, factor * here, nearest[-1] - LEAST_STEP))
        return {
            "distance": [round(distance, 4) for distance in reversed(nearest)],
            "log10_risk": [*LOG_RISKS, 0.0],
            "tail": round(self.tail / factor, 1),
        }


def _bounds(identities: Identities, cell: tuple[int, int], rule: Rule) -> NDArray[np.float64]:
    """At LOG_RISKS; infinite where fewer than LEAST_PAIRS are so near."""
    counts = stranger_counts(identities, *cell, rule)
    limits = np.array([at_share(counts, 10**log_risk) for log_risk in LOG_RISKS])
    shares = [10**log_risk for log_risk in LOG_RISKS if log_risk <= BOUNDED]
    limits[: len(shares)] = bounded(identities, cell, rule, shares)
    limits[10 ** np.array(LOG_RISKS) * counts.sum() < LEAST_PAIRS] = np.inf
    return limits


def nearest_set(recogniser: Recogniser, counts: Counts, sets: dict[str, Identities]) -> float:
    """By what factor, at most 1, strangers of the worst set that the table shall hold for are nearer than
    LFW's, 95 % surely. `counts`: LFW's."""
    measured = [
        nearness(sets[name], cell, rule_of(recogniser), counts)
        for name in HELD[recogniser.name]
        if name in sets
        for cell in CELLS
    ]
    return round(min([1.0, *(each.bound for each in measured if isinstance(each, Nearness))]), 3)


def visit_table(measured: Sequence[Chances]) -> dict[str, Any]:
    """Rounded up; a longer visit never risks less."""
    growth = [max(each.growth for each in measured if each.looks <= looks) for looks in LENGTHS]
    return {"looks": [FIRST, *LENGTHS], "growth": [1.0, *(math.ceil(10 * each) / 10 for each in growth)]}


def own_table(recogniser: Recogniser, identities: Identities) -> dict[str, Any]:
    """The same people in every cell: those who have photos enough for all of them."""
    steps, rule = STEPS[recogniser.name], rule_of(recogniser)
    refused = {}
    for photos in range(1, PHOTOS + 1):
        for frames in range(1, FRAMES + 1):
            apart = own(identities, photos, frames, PHOTOS + FRAMES, OWN_DRAWS, rule)
            refused[f"{photos}/{frames}"] = [round(float((apart > step).mean()), 4) for step in steps]
    return {"distance": list(steps), "refused": refused}


def measured_visits(
    recogniser: Recogniser, identities: Identities, counts: Counts, data: Path
) -> list[Chances]:
    models = load_models(MODEL_CACHE, recogniser=recogniser.name)
    people = strangers(models, data / "stream", recogniser)
    gallery = gallery_of(identities, recogniser)
    thresholds = [at_share(counts, risk) for risk in VISIT_RISKS]
    return [chances(people, gallery, length, thresholds, recogniser) for length in LENGTHS]


def table_of(recogniser: Recogniser, data: Path) -> dict[str, Any]:
    identities = load(data / LFW.name, recogniser.name)
    counts = pooled(identities, rule_of(recogniser))
    factor = nearest_set(recogniser, counts, natural(data, recogniser.name))
    return {
        "strangers": Strangers.of(recogniser, identities, counts).table(factor),
        "visit": visit_table(measured_visits(recogniser, identities, counts, data)),
        "genuine": own_table(recogniser, identities),
    }


def written(table: dict[str, Any]) -> str:
    """As JSON, each list on one line."""
    text = json.dumps(table, indent=2)
    return re.sub(r"\[[^\[\]]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text) + "\n"


def main() -> int:
    """Exit code 0: done; 2: the data is not there."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if lacking := missing(data, CALIBRATING):
        print(lacking, file=sys.stderr)
        return 2
    for recogniser in RECOGNISERS.values():
        table_file(recogniser.name).write_text(written(table_of(recogniser, data)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
