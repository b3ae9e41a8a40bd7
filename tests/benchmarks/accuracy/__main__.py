"""Measures how often strangers are accepted and residents refused, and writes the report (ten minutes).

python -m tests.benchmarks.accuracy [../shared/data] [docs/accuracy]
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from server.vision.models import load_models
from tests.benchmarks.accuracy import det, door_sections, sections
from tests.benchmarks.accuracy.identities import LFW, REPORTING, Identities, load, missing
from tests.benchmarks.accuracy.sections import Folds, Section
from tests.support.photos import DATA, MODEL_CACHE

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "accuracy"


def head(identities: Identities) -> str:
    photos = sum(map(len, identities.photos))
    return f"""# Accuracy

Made by `python -m tests.benchmarks.accuracy`; [how to read it](README.md).

- **People.** {len(identities):,} of LFW with {photos:,} photos, dlib's embedding. A trial is between
  identities: in a draw each person has one random choice of photos, every pair of people counts once, however
  many photos they have, and several draws are averaged.
- **Photos/frames**: how many photos somebody is enrolled with, how many the visitor shows: other photos of
  him, so they differ more than frames of one video.
- **Calibration and test** are apart: people are split into two halves that share nobody, and each half is
  tested with the table of the other one. The shipped table is of all people.
- **In brackets**: 95 % bounds by bootstrap over identities (1,000 resamples; FMR resamples both sides, with
  all pairs of a person; FPIR the visitors). Where nothing was seen, the upper bound is 1 - 0.05^(1/people).
- **Plain 0.6**: face_recognition's rule on the same trials: the nearest photo, in any frame, within Euclidean
  0.6.

![DET curve](det.png)
"""


def measured(identities: Identities, data: Path) -> list[Section]:
    folds = Folds.of(identities)
    models = load_models(MODEL_CACHE, recogniser="dlib")
    parts: list[Callable[[], Section]] = [
        lambda: sections.one_to_one(folds),
        lambda: sections.one_to_many(folds, identities),
        lambda: sections.leads(identities),
        lambda: sections.margins(identities),
        lambda: sections.thresholds(folds),
        lambda: sections.tails(identities),
        lambda: door_sections.visits(identities, models, data),
        lambda: door_sections.photos(models, data),
        lambda: door_sections.mirrors(identities, models, data),
    ]
    found = []
    for part in parts:
        found.append(part())
        print(f"## {found[-1].title}\n\n{found[-1].text}\n", flush=True)
    return found


def main() -> int:
    """Exit code 0: done; 2: the data is not there."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else PUBLISHED
    if lacking := missing(data, REPORTING):
        print(lacking, file=sys.stderr)
        return 2
    identities = load(data / LFW.name)
    found = measured(identities, data)
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join([head(identities).rstrip(), *(f"## {each.title}\n\n{each.text}" for each in found)])
    (folder / "results.md").write_text(text + "\n", encoding="utf-8")
    figures = {each.title: each.figures for each in found}
    (folder / "results.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    det.draw(identities, folder / "det.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
