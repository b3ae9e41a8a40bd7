"""The parts of the report about LFW's people, each half of them with the other half's table."""

from server.access.rules import Rules
from tests.benchmarks.accuracy.measures import LEAST, galleries, identification, verification
from tests.benchmarks.accuracy.subject import Section, Subject, cell_name, rate
from tests.benchmarks.accuracy.trials import CELLS
from tests.benchmarks.speed.report import table

RISKS = (1e-3, 1e-4)
GALLERY_RISKS = (1e-2, 1e-3, 1e-4)
SIZES = (10, 100, 1000)
PRICE_SIZE = 100
PRICE_CELLS = ((1, 1), (1, 3), (2, 3), (3, 1), (3, 3))
PRICE_RISKS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def one_to_one(subject: Subject) -> Section:
    rows, figures = [], {}
    for cell in CELLS:
        measured = [verification(subject.crossed(), *cell, subject.rule, risk) for risk in RISKS]
        rows.append(
            [cell_name(cell), *(text for each in measured for text in (rate(each.fmr), rate(each.fnmr)))]
        )
        figures[cell_name(cell)] = {
            name: {"fmr": vars(each.fmr), "fnmr": vars(each.fnmr)}
            for name, each in zip(map(str, RISKS), measured, strict=True)
        }
    header = ["photos/frames"]
    for risk in RISKS:
        header += [f"risk {risk:g}: FMR %", "FNMR %"]
    text = (
        f"FMR: strangers matched. FNMR: people not matched with themselves ({LEAST} or more photos: the same"
        f" people in each row).\n\n{table(header, rows)}"
    )
    return Section("One against one", text, figures)


def one_to_many(subject: Subject) -> Section:
    rows, figures = [], {}
    margin = Rules(recogniser=subject.recogniser).least_margin
    crossed = subject.crossed()
    for cell in CELLS:
        trials = [galleries(people, *cell, subject.rule, SIZES) for people, _ in crossed]
        for size in SIZES:
            measured = [
                identification(crossed, [each[size] for each in trials], size, risk, margin)
                for risk in GALLERY_RISKS
            ]
            texts = [text for each in measured for text in (rate(each.fpir), rate(each.fnir))]
            rows.append([f"{size:,}", cell_name(cell), *texts])
            figures[f"{size} {cell_name(cell)}"] = {
                str(risk): {"fpir": vars(each.fpir), "fnir": vars(each.fnir)}
                for risk, each in zip(GALLERY_RISKS, measured, strict=True)
            }
    rows.sort(key=lambda row: int(row[0].replace(",", "")))
    header = ["N", "photos/frames"]
    for risk in GALLERY_RISKS:
        header += [f"risk {risk:g}: FPIR %", "FNIR %"]
    text = (
        "FPIR: strangers named anybody of N enrolled. FNIR: the enrolled not named, or as another. The risk"
        f" is what `threshold` was asked for, for N; runner-up margin {margin:g}.\n\n"
        + table(header, rows, left=2)
    )
    return Section("Against galleries", text, figures)


def price(subject: Subject) -> Section:
    """What a stated risk costs, where it holds for all sets and where it holds for LFW only."""
    rows, figures = [], {}
    margin = Rules(recogniser=subject.recogniser).least_margin
    for cell in PRICE_CELLS:
        trials = [galleries(half, *cell, subject.rule, (PRICE_SIZE,))[PRICE_SIZE] for half in subject.halves]
        for name, alone in (("shipped", False), ("LFW alone", True)):
            measured = [
                identification(subject.crossed(alone), trials, PRICE_SIZE, risk, margin)
                for risk in PRICE_RISKS
            ]
            rows.append([cell_name(cell), name, *(rate(each.fnir) for each in measured)])
            figures[f"{cell_name(cell)} {name}"] = {
                str(risk): vars(each.fnir) for risk, each in zip(PRICE_RISKS, measured, strict=True)
            }
    text = (
        f"FNIR in percent of people enrolled among {PRICE_SIZE}, at a stated risk for each visit: with the"
        " shipped rule, which holds for the natural sets below, and with LFW's people alone.\n\n"
        + table(["photos/frames", "table", *(f"risk {risk:g}" for risk in PRICE_RISKS)], rows, left=2)
    )
    return Section("What a risk costs", text, figures)
