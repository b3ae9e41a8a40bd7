"""The parts of the report about people who are no celebrities: what a table risks among them, and what a
site's own people tell."""

import numpy as np

from server.access.matching.calibration import Calibration
from server.access.matching.neighbourhood import nearness
from tests.benchmarks.accuracy.calibrate import nearest_set
from tests.benchmarks.accuracy.curve import share_at, stranger_counts
from tests.benchmarks.accuracy.identities import NATURAL, Identities
from tests.benchmarks.accuracy.subject import Section, Subject, calibration_of, cell_name, percent
from tests.benchmarks.accuracy.trials import CELLS, own, scaled_templates
from tests.benchmarks.speed.report import table

RISKS = (1e-2, 1e-3, 1e-4)
SIZES = (1, 100, 1000)
OWN_DRAWS = 40
SET_DRAWS = 100
"""Random choices of photos: the sets are small."""
CHECKED = {"casia": (5, 10, 19), "orl": (5, 10, 20), "london": (20, 60, 120), "lfw": (20, 100, 1000)}
"""Galleries that are drawn from each set."""
GALLERIES = {"lfw": 20}
DRAWN = 100


def natural_sets(subject: Subject) -> Section:
    rows, figures = [], {}
    shipped = subject.recogniser.calibration
    for name, people in subject.sets.items():
        others = {other: each for other, each in subject.sets.items() if other != name}
        factor = nearest_set(subject.recogniser, subject.counts, others)
        without = calibration_of(subject.recogniser, subject.strangers, factor)
        for cell in CELLS:
            if min(len(people.having(cell[0])), len(people.having(cell[1]))) < 10:
                continue
            found = {
                "shipped": _multiples(subject, people, cell, shipped),
                "without this set": _multiples(subject, people, cell, without),
            }
            for table_name, multiples in found.items():
                texts = [_times(each) for each in multiples]
                rows.append(
                    [
                        name,
                        str(len(people)),
                        cell_name(cell),
                        table_name,
                        *texts,
                        _refused(subject, people, cell),
                    ]
                )
            figures[f"{name} {cell_name(cell)}"] = {"people": len(people), **found}
    header = ["set", "people", "photos/frames", "table"]
    header += [f"N {size:,}, risk {risk:g}" for size in SIZES for risk in RISKS]
    text = (
        "Strangers of one set against people of the same set: the realised risk as a multiple of the stated"
        " one, N times the share of pairs that match at the threshold for N. The second rows: with a table"
        " that knows nothing of this set. Sets are small: 19 people are 171 pairs, and one of them that"
        " matches once in ten choices of photos is 6 times 1e-4. Last: FNMR at N = 1 and risk 1e-4, of"
        " those with photos enough. "
        + "; ".join(f"{name}: {who}" for name, who in NATURAL.items())
        + ".\n\n"
        + table([*header, "FNMR %"], rows, left=4)
    )
    return Section("Other people", text, figures)


def self_check(subject: Subject) -> Section:
    rows, figures = [], {}
    random = np.random.default_rng(0)
    calibration = subject.recogniser.calibration
    for name, people in {**subject.sets, "lfw": subject.everybody}.items():
        for size in CHECKED[name]:
            for photos in (1, 3):
                if photos > 1 and len(people.having(photos)) < size:
                    continue
                found = np.array(
                    [
                        _nearness(subject, people, photos, size, random)
                        for _ in range(GALLERIES.get(name, DRAWN))
                    ]
                )
                limits = [
                    calibration.threshold(1e-4, 1) * factor for factor in (1.0, float(np.median(found)))
                ]
                few = SET_DRAWS if name in subject.sets else None
                counts = stranger_counts(people, 1, 1, subject.rule, few)
                multiples = [share_at(counts, limit) / 1e-4 for limit in limits]
                apart = own(people, 1, 1, 2, OWN_DRAWS, subject.rule)
                lost = [float((apart > limit).mean()) for limit in limits]
                rows.append(
                    [
                        name,
                        f"{size:,}",
                        str(photos),
                        f"{np.median(found):.2f} ({found.min():.2f}–{found.max():.2f})",
                        f"{100 * (found < 1).mean():.0f}",
                        *(_times(each) for each in multiples),
                        *(percent(each) for each in lost),
                    ]
                )
                figures[f"{name} {size} {photos}"] = {
                    "nearness": [float(np.median(found)), float(found.min()), float(found.max())],
                    "tightened": float((found < 1).mean()),
                    "realised": multiples,
                    "fnmr": lost,
                }
    text = (
        "Galleries of N people drawn from each set: by what factor the threshold shrinks (median, least and"
        " greatest), in how many galleries it does, and what that median does to strangers of the same set"
        " (one photo, one frame, N = 1, stated 1e-4) and to its people.\n\n"
        + table(
            [
                "set",
                "N",
                "photos",
                "factor",
                "tightened in %",
                "realised, table alone",
                "with the check",
                "FNMR %, table alone",
                "with the check",
            ],
            rows,
        )
    )
    return Section("A site that checks itself", text, figures)


def _multiples(
    subject: Subject, people: Identities, cell: tuple[int, int], calibration: Calibration
) -> list[float]:
    counts = stranger_counts(people, *cell, subject.rule, SET_DRAWS)
    return [
        size * share_at(counts, calibration.threshold(risk, size)) / risk for size in SIZES for risk in RISKS
    ]


def _refused(subject: Subject, people: Identities, cell: tuple[int, int]) -> str:
    if not len(people.having(sum(cell))):
        return "–"
    apart = own(people, *cell, sum(cell), OWN_DRAWS, subject.rule)
    return percent(float((apart > subject.recogniser.calibration.threshold(1e-4, 1)).mean()))


def _nearness(
    subject: Subject, people: Identities, photos: int, size: int, random: np.random.Generator
) -> float:
    chosen = random.choice(people.having(photos), size, replace=False)
    rows = [people.photos[at][random.permutation(len(people.photos[at]))[:photos]] for at in chosen]
    templates = scaled_templates(
        [each.reshape(-1, each.shape[-1]) for each in rows], subject.recogniser.exponent
    )
    return nearness(templates, subject.recogniser.calibration)


def _times(multiple: float) -> str:
    return "0" if multiple == 0 else f"{multiple:.2g}" if multiple < 100 else f"{multiple:,.0f}"
