"""Attacks on liveness.

python -m tests.benchmarks.spoof                                   the report: docs/liveness/
python -m tests.benchmarks.spoof make SPECIES SOURCE [OTHER] OUT   one attack, as a video to look at
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from tests.benchmarks.spoof.portrait import SourceError, clip, portrait
from tests.benchmarks.spoof.scene import CAMERA
from tests.benchmarks.spoof.species import Attack, Source, Species, attack

DOCS = Path(__file__).resolve().parents[3] / "docs" / "liveness"
RATE = 15.0
"""Frames per second of a video that is written."""
SECONDS = 8.0
PHOTOS = {".jpg", ".jpeg", ".png"}
NEEDED = ("lfw", "lfw10", "people", "spoof", "stream")
"""Folders of the data."""
LONGEST = 24.0
"""How much of a video is used, in seconds."""


def opened(path: Path) -> Source:
    """A photo or a video. Raises SourceError."""
    if not path.is_file():
        raise SourceError(f"{path} does not exist")
    return portrait(path) if path.suffix.lower() in PHOTOS else clip(path, 0.0, LONGEST)


def write(made: Attack, path: Path) -> None:
    """The attack as a video. Raises SourceError when it cannot be written."""
    size = (CAMERA.width, CAMERA.height)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, size)
    if not video.isOpened():
        raise SourceError(f"{path} cannot be written: its folder must exist, its name end in .mp4")
    for index in range(round(SECONDS * RATE)):
        video.write(made.frame(index / RATE))
    video.release()


class DataError(SourceError):
    """The photos and videos that the report is made of are not there."""


def report(quick: bool, folder: Path) -> None:
    """Try everything and write down what came of it. Raises DataError."""
    from tests.benchmarks.spoof.evaluate import evaluated
    from tests.benchmarks.spoof.plan import cases
    from tests.benchmarks.spoof.report import COMMAND, written
    from tests.support.photos import DATA

    lacking = [name for name in NEEDED if not (DATA / name).is_dir()]
    if lacking:
        raise DataError(
            f"{DATA} has no {', '.join(lacking)}: the sample photos and videos are not part of the repository"
            " (docs/liveness/README.md); put them there"
        )
    command = f"{COMMAND} --quick" if quick else COMMAND
    written(evaluated(cases(quick)), folder, command)
    print((folder / "results.md").read_text())


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spoof", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the report from a few attacks, in two minutes")
    parser.add_argument("--folder", type=Path, default=DOCS, help="where the report is written")
    commands = parser.add_subparsers(dest="command")
    make = commands.add_parser("make", help="write one attack as a video")
    make.add_argument("species", choices=[each.value for each in Species])
    make.add_argument("source", type=Path, help="photo or video of whoever is impersonated")
    make.add_argument("other", type=Path, nargs="?", help="whoever is swapped in")
    make.add_argument("out", type=Path, help="the video to write, .mp4")
    make.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parsed(arguments)
    try:
        if options.command == "make":
            other = opened(options.other) if options.other else None
            made = attack(Species(options.species), options.seed, opened(options.source), other)
            write(made, options.out)
        else:
            report(options.quick, options.folder)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, DataError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
