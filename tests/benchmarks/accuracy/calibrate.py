"""The file that `server.access.matching.calibration` reads, made anew (two minutes).

python -m tests.benchmarks.accuracy.calibrate [../shared/data]
"""

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.access.matching.calibration import FARTHEST, table_file
from server.access.matching.recogniser import DLIB
from server.vision.models import Models, load_models
from tests.benchmarks.accuracy.curve import Counts, at_share, pooled, tail
from tests.benchmarks.accuracy.identities import CALIBRATING, LFW, Identities, load, missing
from tests.benchmarks.accuracy.trials import own
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
VISIT_RISKS = (1e-2, 10**-2.5, 1e-3, 10**-3.5)
"""Where the growth of a visit's risk is measured: below, too few of the few strangers on video are
accepted."""
STEPS = tuple(round(0.1 + 0.01 * step, 2) for step in range(51))
PHOTOS, FRAMES = 5, 3
"""Most photos and frames of which the false rejects are tabled."""
OWN_DRAWS = 40


def stranger_table(counts: Counts) -> dict[str, Any]:
    nearest = [round(at_share(counts, 10**log_risk), 4) for log_risk in LOG_RISKS]
    return {
        "distance": [*nearest, FARTHEST],
        "log10_risk": [*LOG_RISKS, 0.0],
        "tail": round(tail(counts, FITTED), 1),
    }


def visit_table(measured: Sequence[Chances]) -> dict[str, Any]:
    """With mirror images or without, whichever is worse, rounded up; a longer visit never risks less."""
    growth = [max(each.growth for each in measured if each.looks <= looks) for looks in LENGTHS]
    return {"looks": [FIRST, *LENGTHS], "growth": [1.0, *(math.ceil(10 * each) / 10 for each in growth)]}


def own_table(identities: Identities) -> dict[str, Any]:
    """The same people in every cell: those who have photos enough for all of them."""
    refused = {}
    for photos in range(1, PHOTOS + 1):
        for frames in range(1, FRAMES + 1):
            apart = own(identities, photos, frames, PHOTOS + FRAMES, OWN_DRAWS)
            refused[f"{photos}/{frames}"] = [round(float((apart > step).mean()), 4) for step in STEPS]
    return {"distance": list(STEPS), "refused": refused}


def measured_visits(identities: Identities, counts: Counts, models: Models, data: Path) -> list[Chances]:
    people = strangers(models, data / "stream")
    gallery = gallery_of(identities)
    thresholds = [at_share(counts, risk) for risk in VISIT_RISKS]
    return [
        chances(people, gallery, length, thresholds, mirrored)
        for length in LENGTHS
        for mirrored in (False, True)
    ]


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
    identities = load(data / LFW.name)
    counts = pooled(identities)
    models = load_models(MODEL_CACHE, recogniser="dlib")
    table = {
        "strangers": stranger_table(counts),
        "visit": visit_table(measured_visits(identities, counts, models, data)),
        "genuine": own_table(identities),
    }
    table_file(DLIB.name).write_text(written(table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
