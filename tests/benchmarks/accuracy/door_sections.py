"""The parts of the report for which faces are found and embedded: visits on video, and photos."""

from server.access.matching.recogniser import Recogniser
from server.vision.models import load_models
from tests.benchmarks.accuracy.calibrate import VISIT_RISKS, measured_visits
from tests.benchmarks.accuracy.lfw_sections import RISKS
from tests.benchmarks.accuracy.pipeline import (
    DRAWS,
    Namer,
    Tally,
    doorward,
    enrolled_photos,
    group_pictures,
    plain,
    tally,
)
from tests.benchmarks.accuracy.subject import Section, Subject
from tests.benchmarks.accuracy.trials import CELLS
from tests.benchmarks.speed.report import table
from tests.support.photos import MODEL_CACHE


def visits(subject: Subject) -> Section:
    measured = measured_visits(subject.recogniser, subject.everybody, subject.counts, subject.data)
    rows = [
        [
            str(each.looks),
            str(each.people),
            *(
                f"{1e4 * first:.2f} → {1e4 * visit:.2f}"
                for first, visit in zip(each.first, each.visit, strict=True)
            ),
            f"{each.growth:.2f}",
        ]
        for each in measured
    ]
    header = ["looks", "people", *(f"LFW {risk:.1e}" for risk in VISIT_RISKS), "growth"]
    shipped = subject.recogniser.calibration
    growth = ", ".join(
        f"{factor:g} with {looks}" for looks, factor in zip(shipped.looks, shipped.growth, strict=True)
    )
    text = (
        "People on video, all strangers, visit each of LFW's people as a gallery of one (and those with"
        " three photos once more, with three). The server's own choice of looks makes the template after"
        " each look from the third on. Accepted, in 1e-4, at distances that so many of LFW's strangers do not"
        " exceed: first comparison → whole visit. Growth: the geometric mean of the ratios, which `threshold`"
        f" takes into account: {growth} looks. People are few, and the smallest shares rest on one or two of"
        " them.\n\n" + table(header, rows, left=1)
    )
    return Section(
        "Visits on video", text, {"visits": [{**vars(each), "growth": each.growth} for each in measured]}
    )


def photos(subject: Subject) -> Section:
    recogniser = subject.recogniser
    models = load_models(MODEL_CACHE, recogniser=recogniser.name)
    people, refused = enrolled_photos(models, subject.data / "lfw10")
    rows, figures = [], {}
    for cell in CELLS:
        for name, namer in _namers(recogniser, cell[1]).items():
            result = tally(people, *cell, namer)
            rows.append([f"{cell[0]}/{cell[1]}", name, *_counts(result)])
            figures[f"{cell[0]}/{cell[1]} {name}"] = vars(result)
    groups = {
        name: group_pictures(models, subject.data / "people", namer)
        for name, namer in _namers(recogniser, 1).items()
    }
    group_rows = [[name, *_counts(result)[:3]] for name, result in groups.items()]
    accepted = sum(map(len, people.values()))
    text = (
        f"`lfw10/`: the photo check accepted {accepted} of {accepted + len(refused)} photos"
        f" ({'; '.join(refused)}). {DRAWS} times over, {len(people)} people are enrolled with some of their"
        " photos and visit with others: once enrolled, once as a stranger to the other nine. (These people"
        " are in LFW's table, too: ten of 2,813.)\n\n"
        + table(
            ["photos/frames", "rule", "right", "refused", "wrong", "strangers refused", "let in"],
            rows,
            left=2,
        )
        + "\n\n`people/`: six people enrolled with one portrait each; everybody on two other portraits and"
        " three group pictures.\n\n" + table(["rule", "right", "refused", "wrong"], group_rows)
    )
    return Section(
        "Photos, detection included",
        text,
        {"lfw10": figures, "people": {k: vars(v) for k, v in groups.items()}},
    )


def _namers(recogniser: Recogniser, frames: int) -> dict[str, Namer]:
    ours = {f"Doorward, risk {risk:g}": doorward(recogniser, risk, frames) for risk in RISKS}
    return {**ours, "plain 0.6": plain} if recogniser.name == "dlib" else ours


def _counts(result: Tally) -> list[str]:
    return [str(each) for each in vars(result).values()]
