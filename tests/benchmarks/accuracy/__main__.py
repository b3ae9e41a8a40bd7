"""Measures how often strangers are accepted and residents refused, and writes the report (an hour).

python -m tests.benchmarks.accuracy [../shared/data] [docs/accuracy]
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from server.access.matching.recogniser import RECOGNISERS
from tests.benchmarks.accuracy import (
    det,
    door_sections,
    lfw_sections,
    score_sections,
    set_sections,
)
from tests.benchmarks.accuracy.identities import REPORTING, missing
from tests.benchmarks.accuracy.subject import Section, Subject
from tests.support.photos import DATA

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "accuracy"
BEFORE = {"1/1": 70.4, "1/3": 53.7, "3/1": 52.6, "3/3": 21.4}
"""FNIR % at N = 100 and risk 1e-4 of the report before this one: dlib alone, no bound, no mirror images."""
PARTS: list[Callable[[Subject], Section]] = [
    lfw_sections.one_to_one,
    lfw_sections.one_to_many,
    lfw_sections.price,
    set_sections.natural_sets,
    set_sections.self_check,
    score_sections.scores,
    score_sections.margins,
    score_sections.stability,
    score_sections.tails,
    door_sections.visits,
    door_sections.photos,
]


def head(subject: Subject) -> str:
    photos = sum(map(len, subject.everybody.photos))
    before = ", ".join(f"{cell} {refused}" for cell, refused in BEFORE.items())
    return f"""# Accuracy

Made by `python -m tests.benchmarks.accuracy`; [how to read it](README.md).

- **People.** {len(subject.everybody):,} of LFW with {photos:,} photos, and the people of three small sets. A
  trial is between identities: in a draw each person has one random choice of photos, every pair of people
  counts once, however many photos they have, and several draws are averaged.
- **Photos/frames**: how many photos somebody is enrolled with, how many the visitor shows: other photos of
  him, so they differ more than frames of one video.
- **Calibration and test** are apart: LFW's people are split into two halves that share nobody, and each
  half is tested with the table of the other one. The shipped tables are of all people.
- **In brackets**: 95 % bounds by bootstrap over identities (1,000 resamples; FMR resamples both sides, with
  all pairs of a person; FPIR the visitors). Where nothing was seen, the upper bound is 1 - 0.05^(1/people).
- **Plain 0.6**: face_recognition's rule: the nearest photo, in any frame, within Euclidean 0.6 (only with the
  photos, whose embeddings are as the network gives them).
- **Before**: FNIR % at N = 100 and risk 1e-4 by photos/frames in the last report, which knew dlib alone
  and no bound: {before}.

![DET curve](det.png)
"""


def measured(subject: Subject) -> list[Section]:
    found = []
    for part in PARTS:
        found.append(part(subject))
        print(f"## {subject.recogniser}: {found[-1].title}\n\n{found[-1].text}\n", flush=True)
    return found


def main() -> int:
    """Exit code 0: done; 2: the data is not there."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else PUBLISHED
    if lacking := missing(data, REPORTING):
        print(lacking, file=sys.stderr)
        return 2
    subjects = [Subject.of(recogniser, data) for recogniser in RECOGNISERS.values()]
    found = {subject.recogniser.name: measured(subject) for subject in subjects}
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        f"## {name}: {each.title}\n\n{each.text}" for name, sections in found.items() for each in sections
    ]
    text = "\n\n".join([head(subjects[0]).rstrip(), *parts])
    (folder / "results.md").write_text(text + "\n", encoding="utf-8")
    figures = {name: {each.title: each.figures for each in sections} for name, sections in found.items()}
    (folder / "results.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    det.draw(subjects, folder / "det.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
