"""The parts of the report: each measures something and tells it in words, tables and figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from server.access.matching.calibration import Calibration
from server.access.matching.recogniser import DLIB
from server.access.rules import Rules
from tests.benchmarks.accuracy.bounds import Rate
from tests.benchmarks.accuracy.calibrate import LOG_RISKS, stranger_table
from tests.benchmarks.accuracy.curve import at_share, pooled, share_at, stranger_counts, tail
from tests.benchmarks.accuracy.identities import SAME_PICTURE, Identities
from tests.benchmarks.accuracy.measures import LEAST, OWN_DRAWS, Fold, galleries, identification, verification
from tests.benchmarks.accuracy.trials import CELLS, COSINE, PLAIN_TOLERANCE, ROOTED, Rule, own, plain_rule
from tests.benchmarks.speed.report import table

RULES: dict[str, Rule] = {"nearest photo, any frame": plain_rule, "cosine": COSINE, "exponent 1/2": ROOTED}
RISKS = (1e-3, 1e-4)
GALLERY_RISKS = (1e-2, 1e-3, 1e-4)
SIZES, LARGEST = (10, 100, 1000), 2800
"""Galleries within a half of the people, and the one that takes them all."""
MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08)
MARGIN_SIZES = (100, 1000)
MARGIN_FPIR = 1e-2
CURVE_RISKS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-4 / LARGEST)


@dataclass(frozen=True)
class Section:
    """`text`: Markdown. `figures`: the same for results.json."""

    title: str
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Folds:
    """Two halves of the people that share nobody, and the table found on each."""

    halves: tuple[Identities, Identities]
    tables: tuple[Calibration, Calibration]

    @classmethod
    def of(cls, identities: Identities) -> "Folds":
        halves = identities.halves()
        one, other = (calibration_of(half) for half in halves)
        return cls(halves, (one, other))

    def crossed(self) -> list[Fold]:
        """Each half with the thresholds of the other one."""
        return [(self.halves[0], self.tables[1].threshold), (self.halves[1], self.tables[0].threshold)]


def calibration_of(identities: Identities) -> Calibration:
    """The shipped table with the strangers' curve of only these people."""
    curve = stranger_table(pooled(identities))
    return replace(
        DLIB.calibration, distances=curve["distance"], log_risks=curve["log10_risk"], tail=curve["tail"]
    )


def loose(halves: Sequence[Identities]) -> list[Fold]:
    """face_recognition's tolerance, whatever the risk."""
    return [(half, lambda risk, people: PLAIN_TOLERANCE) for half in halves]


def one_to_one(folds: Folds) -> Section:
    rows, figures = [], {}
    for cell in CELLS:
        measured = [verification(folds.crossed(), *cell, ROOTED, risk) for risk in RISKS]
        measured.append(verification(loose(folds.halves), *cell, plain_rule, 0.0))
        rows.append([_cell(cell), *(text for each in measured for text in (rate(each.fmr), rate(each.fnmr)))])
        figures[_cell(cell)] = {
            name: {"fmr": vars(each.fmr), "fnmr": vars(each.fnmr)}
            for name, each in zip((*map(str, RISKS), "plain"), measured, strict=True)
        }
    header = ["photos/frames"]
    for name in (*(f"risk {risk:g}" for risk in RISKS), "plain 0.6"):
        header += [f"{name}: FMR %", "FNMR %"]
    text = (
        f"FMR: strangers matched. FNMR: people not matched with themselves ({LEAST} or more photos: the same"
        f" people in each row). {table(header, rows)}"
    )
    return Section("One against one", text.replace(". |", ".\n\n|"), figures)


def one_to_many(folds: Folds, everybody: Identities) -> Section:
    rows, figures = [], {}
    margin = Rules(recogniser=DLIB).least_margin
    groups: list[tuple[tuple[int, ...], list[Fold]]] = [
        (SIZES, folds.crossed()),
        ((LARGEST,), [(everybody, DLIB.calibration.threshold)]),
    ]
    for cell in CELLS:
        for sizes, crossed in groups:
            ours = [galleries(people, *cell, ROOTED, sizes) for people, _ in crossed]
            theirs = [galleries(people, *cell, plain_rule, sizes) for people, _ in crossed]
            for size in sizes:
                measured = [
                    identification(crossed, [each[size] for each in ours], size, risk, margin)
                    for risk in GALLERY_RISKS
                ]
                plain_folds = loose([people for people, _ in crossed])
                measured.append(identification(plain_folds, [each[size] for each in theirs], size, 0.0, 0.0))
                texts = [text for each in measured for text in (rate(each.fpir), rate(each.fnir))]
                rows.append([f"{size:,}", _cell(cell), *texts])
                figures[f"{size} {_cell(cell)}"] = {
                    name: {"fpir": vars(each.fpir), "fnir": vars(each.fnir)}
                    for name, each in zip((*map(str, GALLERY_RISKS), "plain"), measured, strict=True)
                }
    rows.sort(key=lambda row: int(row[0].replace(",", "")))
    header = ["N", "photos/frames"]
    for name in (*(f"risk {risk:g}" for risk in GALLERY_RISKS), "plain 0.6"):
        header += [f"{name}: FPIR %", "FNIR %"]
    text = (
        "FPIR: strangers named anybody of N enrolled. FNIR: the enrolled not named, or as another. The risk"
        f" is what `threshold` was asked for, for N; runner-up margin {margin:g}. At {LARGEST:,} all people"
        " take part and the threshold is the shipped one, far out on the fitted tail.\n\n"
        + table(header, rows, left=2)
    )
    return Section("Against galleries", text, figures)


def leads(identities: Identities) -> Section:
    rows, figures = [], {}
    for name, rule in RULES.items():
        counts = {cell: stranger_counts(identities, *cell, rule) for cell in CELLS}
        limits = {cell: at_share(counts[cell], 1e-4) for cell in CELLS}
        refused = {
            cell: float((own(identities, *cell, LEAST, OWN_DRAWS, rule) > limits[cell]).mean())
            for cell in CELLS
        }
        carried = {cell: share_at(counts[cell], limits[1, 1]) for cell in CELLS}
        rows.append(
            [
                name,
                *(f"{100 * refused[cell]:.1f}" for cell in CELLS),
                *(f"{1e4 * carried[cell]:.2f}" for cell in CELLS),
            ]
        )
        figures[name] = {
            _cell(cell): {"fnmr": refused[cell], "fmr_at_the_threshold_of_1/1": carried[cell]}
            for cell in CELLS
        }
    header = [
        "rule",
        *(f"FNMR % {_cell(cell)}" for cell in CELLS),
        *(f"FMR e-4 {_cell(cell)}" for cell in CELLS),
    ]
    text = (
        "Left: each rule with a threshold of its own for each column, found on the same trials, at FMR"
        " 1e-4. Right: what the threshold found for one photo and one frame accepts in each column. Cosine"
        " refuses fewer when it is told the counts; the exponent 1/2 needs not be told, and corrects itself"
        " when frames are"
        " alike.\n\n" + table(header, rows)
    )
    return Section("Which score", text, figures)


def margins(identities: Identities) -> Section:
    rows, figures = [], {}
    for cell in CELLS:
        trials = galleries(identities, *cell, ROOTED, MARGIN_SIZES)
        for size in MARGIN_SIZES:
            limit = DLIB.calibration.threshold(MARGIN_FPIR, size)
            best = [
                trials[size].false_negatives(trials[size].threshold_at(MARGIN_FPIR, at), at) for at in MARGINS
            ]
            fpir = [float(trials[size].false_positives(limit, at).mean()) for at in MARGINS]
            fnir = [float(trials[size].false_negatives(limit, at).mean()) for at in MARGINS]
            start = [f"{size:,}", _cell(cell)]
            rows.append([*start, "FNIR % at FPIR 1 %", *(f"{100 * each.mean():.1f}" for each in best)])
            rows.append([*start, "FPIR %, shipped threshold", *(f"{100 * each:.2f}" for each in fpir)])
            rows.append([*start, "FNIR %, shipped threshold", *(f"{100 * each:.1f}" for each in fnir)])
            figures[f"{size} {_cell(cell)}"] = {
                "margin": MARGINS,
                "fnir_at_fpir": [float(each.mean()) for each in best],
                "fpir": fpir,
                "fnir": fnir,
            }
    text = (
        "A visitor is named only if the runner-up is farther by the margin. First rows: the threshold is"
        f" moved so that {MARGIN_FPIR:.0%} of strangers are named. The others: the threshold stays. The"
        f" default is {DLIB.margin:g}: there the first rows are near their least, the shipped"
        " threshold loses next to nobody, and a quarter to a half of the strangers that it would name fall"
        " away. `threshold` does not count on that.\n\n"
        + table(["N", "photos/frames", "", *(f"{at:g}" for at in MARGINS)], rows, left=3)
    )
    return Section("Runner-up margin", text, figures)


def thresholds(folds: Folds) -> Section:
    tables = {
        "shipped, all people": DLIB.calibration,
        "first half": folds.tables[0],
        "second half": folds.tables[1],
    }
    found = {name: [_limit(each, risk) for risk in CURVE_RISKS] for name, each in tables.items()}
    rows = [[name, *(f"{limit:.4f}" for limit in limits)] for name, limits in found.items()]
    text = (
        f"Distances for one comparison at a risk. The halves share nobody. Shares below 1e{LOG_RISKS[0]:.0f}"
        " are extrapolated.\n\n" + table(["table", *(f"{risk:.1e}" for risk in CURVE_RISKS)], rows)
    )
    return Section("How stable the table is", text, {"risk": CURVE_RISKS, **found})


def tails(identities: Identities) -> Section:
    counts = pooled(identities)
    rows, figures = [], []
    for fitted, hidden in ((1e-3, 1e-4), (1e-4, 1e-5)):
        slope = tail(counts, fitted, hidden)
        for share in (hidden / 3, hidden / 10):
            predicted = at_share(counts, hidden) - np.log10(hidden / share) / slope
            told = share_at(counts, predicted)
            counted = at_share(counts, share)
            rows.append(
                [
                    f"{fitted:g} to {hidden:g}",
                    f"{share:.1e}",
                    f"{predicted:.4f}",
                    f"{counted:.4f}",
                    f"{told:.1e}",
                ]
            )
            figures.append(
                {"fitted": fitted, "hidden": hidden, "share": share, "predicted": predicted, "is": counted}
            )
    same = np.argwhere(np.triu(identities.same, 1))
    naive = Identities(identities.photos, np.eye(len(identities), dtype=np.bool_))
    all_counts = pooled(naive)
    shifts = [
        f"{risk:g}: {at_share(counts, risk):.4f} / {at_share(all_counts, risk):.4f}"
        for risk in (1e-4, 1e-5, 1e-6)
    ]
    text = (
        "Below 1e-5 of the pairs the risk is an exponential tail in the distance, fitted by maximum"
        " likelihood to the nearest 1e-4 of strangers. Where it can be checked, with what lies beyond"
        " hidden from the fit, it errs to the safe side: the distance that it allows is a little smaller"
        " than the counted one.\n\n"
        + table(
            ["fitted to", "share", "predicted distance", "counted distance", "true share there"], rows, left=0
        )
        + f"\n\n{len(same)} pairs of names have photos nearer than {SAME_PICTURE:g}: one person under two"
        " names, or one picture twice. They are not counted as strangers anywhere here. Distances without /"
        " with them at "
        + "; ".join(shifts)
        + ". Photos of somebody that are far from his others (a few wrong labels among them) are kept: they"
        " are part of the FNMR."
    )
    return Section("The tail", text, {"checks": figures, "pairs_of_one_person": len(same)})


def rate(each: Rate) -> str:
    """In percent, with its bounds."""
    return f"{_percent(each.value)} ({_percent(each.low)}–{_percent(each.high)})"


def _percent(share: float) -> str:
    return "0" if share == 0 else f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.1f}"


def _limit(calibration: Calibration, single: float) -> float:
    """The threshold for a risk of any one comparison, however small."""
    people = max(1, round(1e-6 / single)) if single < 1e-6 else 1
    return calibration.threshold(single * people, people)


def _cell(cell: tuple[int, int]) -> str:
    return f"{cell[0]}/{cell[1]}"
