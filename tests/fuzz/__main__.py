"""Search with all targets, one after the other: `python -m tests.fuzz [MINUTES] [TARGET ...]`.

What was found goes on growing in .cache/fuzz/; what fails is written to tests/fuzz/cases/, to be mended, and
docs/fuzzing.md is told what was done.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / ".cache" / "fuzz"
CASES = Path(__file__).parent / "cases"
REPORT = ROOT / "docs" / "fuzzing.md"
MARK = "<!-- what follows is written by make fuzz -->\n"
MINUTES = 70
LONGEST = 4096
"""Bytes that are tried at most."""
SECONDS_EACH, MEGABYTES = 10, 2048
"""What takes longer, or more memory, is a fault."""


@dataclass(frozen=True)
class Search:
    """What came of one target. `covered`: edges of our code and of msgpack's. `failure`: what it told."""

    name: str
    runs: int
    seconds: float
    covered: int
    failure: str | None


def search(name: str, seconds: int) -> Search:
    """Search for that long. A case that fails ends it."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    (CASES / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", name]
    command += [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SECONDS_EACH}"]
    command += [
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={CASES / name}{os.sep}",
        "-print_final_stats=1",
    ]
    began = time.monotonic()
    done = subprocess.run([*command, str(corpus)], cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stderr + done.stdout
    failure = None if done.returncode == 0 else said[-2000:]
    runs = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    covered = re.findall(r"cov: (\d+)", said)
    return Search(
        name=name,
        runs=int(runs[-1]) if runs else 0,
        seconds=time.monotonic() - began,
        covered=int(covered[-1]) if covered else 0,
        failure=failure,
    )


def report(searches: Sequence[Search]) -> str:
    """As a table."""
    runs, seconds = sum(each.runs for each in searches), sum(each.seconds for each in searches)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    lines = [
        f"{runs:,} executions in {seconds / 60:.0f} minutes on {date.today()} ({machine}).",
        "",
        "| target | executions | a second | edges covered | failed |",
        "|---|---|---|---|---|",
    ]
    for each in searches:
        speed = each.runs / max(1.0, each.seconds)
        failed = "yes" if each.failure else "no"
        lines.append(f"| `{each.name}` | {each.runs:,} | {speed:,.0f} | {each.covered:,} | {failed} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run from the command line. Exit code 1: something failed."""
    parser = argparse.ArgumentParser(description="Search for bytes that do harm.")
    parser.add_argument("minutes", nargs="?", type=float, default=MINUTES, help="for all targets together")
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}")
    asked = parser.parse_args()
    names = asked.targets or list(TARGETS)
    searches = []
    for name in names:
        searches.append(search(name, max(1, round(60 * asked.minutes / len(names)))))
        print(f"{searches[-1].name}: {searches[-1].runs:,} executions", flush=True)
        if searches[-1].failure:
            print(searches[-1].failure, flush=True)
    if not asked.targets:
        told = REPORT.read_text(encoding="utf-8").partition(MARK)[0]
        REPORT.write_text(told + MARK + "\n" + report(searches), encoding="utf-8")
    return 1 if any(each.failure for each in searches) else 0


if __name__ == "__main__":
    sys.exit(main())
