"""The parts of the report that tell why the score, the margin and the table are as they are."""

import numpy as np

from server.access.matching.calibration import Calibration
from server.access.rules import Rules
from tests.benchmarks.accuracy.calibrate import LOG_RISKS
from tests.benchmarks.accuracy.curve import at_share, share_at, stranger_counts, tail
from tests.benchmarks.accuracy.measures import LEAST, OWN_DRAWS, galleries
from tests.benchmarks.accuracy.subject import Section, Subject, cell_name
from tests.benchmarks.accuracy.trials import CELLS, Rule, own, plain_rule, template_rule
from tests.benchmarks.speed.report import table

EXPONENTS = (0.5, 0.75, 1.0)
MARGINS = (0.0, 0.01, 0.03, 0.05, 0.08)
MARGIN_SIZE = 100
MARGIN_FPIR = 1e-2
CURVE_RISKS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)


def scores(subject: Subject) -> Section:
    rows, figures = [], {}
    mirrored = subject.recogniser.mirrored_looks
    rules: dict[str, Rule] = {
        "nearest photo, any frame": plain_rule,
        **{f"exponent {exponent:g}": template_rule(exponent, mirrored) for exponent in EXPONENTS},
        f"the server's, frames {'without' if mirrored else 'with'} mirror images": template_rule(
            subject.recogniser.exponent, not mirrored
        ),
    }
    for name, rule in rules.items():
        counts = {cell: stranger_counts(subject.everybody, *cell, rule) for cell in CELLS}
        limits = {cell: at_share(counts[cell], 1e-4) for cell in CELLS}
        refused = {
            cell: float((own(subject.everybody, *cell, LEAST, OWN_DRAWS, rule) > limits[cell]).mean())
            for cell in CELLS
        }
        carried = {cell: share_at(counts[cell], limits[1, 1]) for cell in CELLS}
        rows.append(
            [
                name,
                *(f"{100 * refused[cell]:.2f}" for cell in CELLS),
                *(f"{1e4 * carried[cell]:.2f}" for cell in CELLS),
            ]
        )
        figures[name] = {
            cell_name(cell): {"fnmr": refused[cell], "fmr_at_the_threshold_of_1/1": carried[cell]}
            for cell in CELLS
        }
    header = [
        "rule",
        *(f"FNMR % {cell_name(cell)}" for cell in CELLS),
        *(f"FMR e-4 {cell_name(cell)}" for cell in CELLS),
    ]
    text = (
        "Left: each rule with a threshold of its own for each column, found on the same trials, at FMR 1e-4."
        " Right: what the threshold found for one photo and one frame accepts in each column. Cosine"
        " (exponent 1) refuses fewer when it is told the counts; the server's exponent,"
        f" {subject.recogniser.exponent:g}, needs not be told, and corrects itself when frames are"
        " alike.\n\n" + table(header, rows)
    )
    return Section("Which score", text, figures)


def margins(subject: Subject) -> Section:
    rows, figures = [], {}
    default = Rules(recogniser=subject.recogniser).least_margin
    limit = subject.recogniser.calibration.threshold(MARGIN_FPIR, MARGIN_SIZE)
    for cell in CELLS:
        trials = galleries(subject.everybody, *cell, subject.rule, (MARGIN_SIZE,))[MARGIN_SIZE]
        fpir = [float(trials.false_positives(limit, at).mean()) for at in MARGINS]
        fnir = [float(trials.false_negatives(limit, at).mean()) for at in MARGINS]
        rows.append([cell_name(cell), "FPIR %", *(f"{100 * each:.3f}" for each in fpir)])
        rows.append([cell_name(cell), "FNIR %", *(f"{100 * each:.2f}" for each in fnir)])
        figures[cell_name(cell)] = {"margin": MARGINS, "fpir": fpir, "fnir": fnir}
    text = (
        f"A visitor is named only if the runner-up is farther by the margin; N = {MARGIN_SIZE}, shipped"
        f" threshold for risk {MARGIN_FPIR:g}. The default is {default:g}; `threshold` does not count on it."
        "\n\n" + table(["photos/frames", "", *(f"{at:g}" for at in MARGINS)], rows, left=2)
    )
    return Section("Runner-up margin", text, figures)


def stability(subject: Subject) -> Section:
    tables = {
        "shipped, all people": subject.recogniser.calibration,
        "first half": subject.tables[0],
        "second half": subject.tables[1],
        "first half, LFW alone": subject.alone[0],
        "second half, LFW alone": subject.alone[1],
    }
    found = {name: [_limit(each, risk) for risk in CURVE_RISKS] for name, each in tables.items()}
    rows = [[name, *(f"{limit:.4f}" for limit in limits)] for name, limits in found.items()]
    text = (
        "Distances for one comparison at a risk. The halves share nobody. Shares below"
        f" 1e{LOG_RISKS[0]:.0f} are extrapolated. Strangers of the worst natural set that the table holds for"
        f" are nearer than LFW's by the factor {subject.factor:g} (95 % surely not less).\n\n"
        + table(["table", *(f"{risk:.1e}" for risk in CURVE_RISKS)], rows)
    )
    return Section("How stable the table is", text, {"risk": CURVE_RISKS, "factor": subject.factor, **found})


def tails(subject: Subject) -> Section:
    counts = subject.counts
    rows, figures = [], []
    for fitted, hidden in ((1e-3, 1e-4), (1e-4, 1e-5)):
        slope = tail(counts, fitted, hidden)
        for share in (hidden / 3, hidden / 10):
            predicted = at_share(counts, hidden) - float(np.log10(hidden / share)) / slope
            told, counted = share_at(counts, predicted), at_share(counts, share)
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
    pairs = int(np.triu(subject.everybody.same, 1).sum())
    text = (
        "Below 1e-5 of the pairs the risk is an exponential tail in the distance, fitted by maximum"
        " likelihood to the nearest 1e-4 of strangers. Here it is checked with what lies beyond hidden from"
        f" the fit. {pairs} pairs of names have photos that both networks find near (SFace 0.92, dlib 0.35):"
        " one person under two names, or one picture twice. They count as no strangers. Wrong labels within a"
        " name are kept: they are part of the FNMR.\n\n"
        + table(
            ["fitted to", "share", "predicted distance", "counted distance", "true share there"], rows, left=0
        )
    )
    return Section("The tail", text, {"checks": figures, "pairs_of_one_person": pairs})


def _limit(calibration: Calibration, single: float) -> float:
    """The threshold for a risk of any one comparison, however small."""
    people = max(1, round(1e-6 / single)) if single < 1e-6 else 1
    return calibration.threshold(single * people, people)
