"""The parts of the report for which faces are found and embedded: visits on video, and photos."""

from pathlib import Path

from server.access.matching.recogniser import DLIB
from server.vision.models import Models
from tests.benchmarks.accuracy.calibrate import VISIT_RISKS, measured_visits
from tests.benchmarks.accuracy.curve import pooled
from tests.benchmarks.accuracy.identities import Identities
from tests.benchmarks.accuracy.pipeline import (
    DRAWS,
    Namer,
    Tally,
    doorward,
    enrolled_photos,
    group_pictures,
    mirror_effect,
    plain,
    tally,
)
from tests.benchmarks.accuracy.sections import RISKS, Section
from tests.benchmarks.accuracy.trials import CELLS
from tests.benchmarks.speed.report import table

MIRROR_RISKS = (1e-2, 10**-2.5, 1e-3, 10**-3.5, 1e-4)


def visits(identities: Identities, models: Models, data: Path) -> Section:
    measured = measured_visits(identities, pooled(identities), models, data)
    rows = [
        [
            str(each.looks),
            "with" if each.mirrored else "without",
            str(each.people),
            *(
                f"{1e4 * first:.2f} → {1e4 * visit:.2f}"
                for first, visit in zip(each.first, each.visit, strict=True)
            ),
            f"{each.growth:.2f}",
        ]
        for each in measured
    ]
    header = ["looks", "mirror images", "people", *(f"risk {risk:.1e}" for risk in VISIT_RISKS), "growth"]
    growth = ", ".join(
        f"{factor:g} with {looks}"
        for looks, factor in zip(DLIB.calibration.looks, DLIB.calibration.growth, strict=True)
    )
    text = (
        "People on video, all strangers, visit each of LFW's people as a gallery of one (and those with"
        " three photos once more, with three). The server's own choice of looks makes the template after"
        " each look from the third on. Accepted, in 1e-4: first comparison → whole visit. Growth: the"
        f" geometric mean of the ratios, which `threshold` takes into account: {growth} looks. People are"
        " few, and the smallest shares rest on one or two"
        " of them.\n\n" + table(header, rows, left=2)
    )
    return Section(
        "Visits on video", text, {"visits": [{**vars(each), "growth": each.growth} for each in measured]}
    )


def photos(models: Models, data: Path) -> Section:
    people, refused = enrolled_photos(models, data / "lfw10")
    rows, figures = [], {}
    for cell in CELLS:
        for name, namer in _namers(cell[1]).items():
            result = tally(people, *cell, namer)
            rows.append([f"{cell[0]}/{cell[1]}", name, *_counts(result)])
            figures[f"{cell[0]}/{cell[1]} {name}"] = vars(result)
    groups = {name: group_pictures(models, data / "people", namer) for name, namer in _namers(1).items()}
    group_rows = [[name, *_counts(result)[:3]] for name, result in groups.items()]
    accepted = sum(map(len, people.values()))
    text = (
        f"`lfw10/`: the photo check accepted {accepted} of {accepted + len(refused)} photos"
        f" ({'; '.join(refused)}). {DRAWS} times over, {len(people)} people are enrolled with some of their"
        " photos and visit with others: once enrolled, once as a stranger to the other nine. Mirror images"
        " are averaged in; LFW's table knows none. (These people are in LFW's table, too: ten of"
        " 2,839.)\n\n"
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


def mirrors(identities: Identities, models: Models, data: Path) -> Section:
    people, _ = enrolled_photos(models, data / "lfw10")
    limits = [DLIB.calibration.threshold(risk, 1) for risk in MIRROR_RISKS]
    rows, figures = [], {}
    for frames in (1, 3):
        found = mirror_effect(people, identities, frames, limits)
        for mirrored, shares in found.items():
            name = "with" if mirrored else "without"
            rows.append([str(frames), name, *(f"{1e4 * share:.2f}" for share in shares)])
            figures[f"{frames} {name}"] = shares
    text = (
        "`lfw10/`'s people visit all others of LFW, with the mirror images of their frames averaged in and"
        " without. FMR in 1e-4 at the thresholds of the shipped table: the mirror does not raise it by more"
        " than ten people vary.\n\n"
        + table(["frames", "mirror images", *(f"risk {risk:.1e}" for risk in MIRROR_RISKS)], rows, left=2)
    )
    return Section("Mirror images and the threshold", text, {"risk": MIRROR_RISKS, **figures})


def _namers(frames: int) -> dict[str, Namer]:
    ours = {f"Doorward, risk {risk:g}": doorward(risk, frames) for risk in RISKS}
    return {**ours, "plain 0.6": plain}


def _counts(result: Tally) -> list[str]:
    return [str(each) for each in vars(result).values()]
