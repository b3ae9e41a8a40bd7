"""Measure everything and write it down.

python -m tests.benchmarks.speed             # docs/benchmarks/, about twenty minutes
python -m tests.benchmarks.speed --quick     # .cache/benchmarks/, does it work?
python -m tests.benchmarks.speed --full      # starts with 10,000 photos, too: a quarter of an hour more
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2

from scripts.samples import SamplesUnavailable
from tests.benchmarks.speed import capacity, machine, plots, race, scenes, startup
from tests.benchmarks.speed.door_server import BenchmarkError
from tests.benchmarks.speed.plan import FULL, NORMAL, QUICK, Plan
from tests.benchmarks.speed.report import markdown
from tests.benchmarks.speed.results import Results, as_json, defaults
from tests.benchmarks.spoof.portrait import SourceError
from tests.support.server_process import ROOT

PARTS = ("scenes", "capacity", "startup")
PUBLISHED = ROOT / "docs" / "benchmarks"
SCRATCH = ROOT / ".cache" / "benchmarks"


def say(text: str) -> None:
    """Tell the person who waits."""
    print(f"bench  | {text}", file=sys.stderr, flush=True)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.speed",
        description="Doorward against the usual loops over face_recognition.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few frames of everything, in two minutes")
    size.add_argument(
        "--full", action="store_true", help="also start with 10,000 photos: a quarter of an hour more"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone (repeatable)")
    parser.add_argument(
        "--scene", choices=sorted(NORMAL.windows), action="append", help="this scene alone (repeatable)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where to write (docs/benchmarks for the whole, .cache/benchmarks for less)",
    )
    return parser.parse_args(argv)


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL if options.full else NORMAL
    if options.scene:
        plan = replace(plan, windows={key: plan.windows[key] for key in options.scene})
    return plan


def _measure(options: argparse.Namespace, home: Path) -> Results:
    parts = options.only or PARTS
    plan = _plan(options)
    started = time.monotonic()
    where, bystanders = machine.describe(), machine.Bystanders()
    cv2.setNumThreads(1)
    there, missing = scenes.build(plan.windows) if "scenes" in parts else ([], [])
    for title in missing:
        say(f"{title.lower()}: left out, the video is not there")
    raced = race.race(plan, there, home / "race", say) if there else []
    held = capacity.capacity(plan, home / "capacity", say) if "capacity" in parts else []
    starts = startup.startup(plan, home / "startup", say) if "startup" in parts else []
    return Results(
        machine=where,
        defaults=defaults(),
        kind="quick" if options.quick else "full" if options.full else "normal",
        minutes=(time.monotonic() - started) / 60,
        others=bystanders.cores(),
        missing=missing,
        scenes=raced,
        capacity=held,
        startup=starts,
    )


def _write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(as_json(results), encoding="utf-8")
    (folder / "results.md").write_text(markdown(results), encoding="utf-8")
    plt = plots.pyplot()
    if plt is None:
        say("no plots: matplotlib is not installed (python scripts/bootstrap.py --bench)")
        return
    if results.scenes:
        plots.speed(plt, results.scenes, folder / "speed.png")
    if results.capacity:
        plots.capacity(plt, results.capacity, folder / "capacity.png")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark. Exit code 0: everything was measured and written."""
    options = _options(argv)
    if not sys.platform.startswith("linux"):
        say("FAILED: CPU and memory are read from /proc, which only Linux has")
        return 1
    partial = options.quick or options.only or options.scene
    folder = options.out or (SCRATCH if partial else PUBLISHED)
    try:
        with tempfile.TemporaryDirectory(prefix="doorward-bench-") as home:
            results = _measure(options, Path(home))
    except (BenchmarkError, SamplesUnavailable, SourceError, OSError) as error:
        say(f"FAILED: {error}")
        return 1
    _write(results, folder)
    print(markdown(results))
    say(f"written to {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
