"""`python -m tests.chaos`: all of it, one after the other, with its figures."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import clock, disk, flat, kills, machine, network, workers

Figures = list[str]
LONG: dict[str, Callable[[Path], Figures]] = {
    "kills": lambda home: kills.run(home, 200, light=True).figures(),
    "kills-seeing": lambda home: kills.run(home, 50, seed=2).figures(),
    "kills-tls": lambda home: kills.run(home, 20, tls=True, seed=3).figures(),
    "workers": lambda home: workers.run(home, 150).figures(),
    "disk": disk.failing,
    "disk-full": disk.full,
    "frames": lambda home: [flat.frames(home, 20_000)],
    "connects": lambda home: [flat.connects(home, 10_000)],
    "photos": lambda home: [flat.photos(home, 10_000)],
    "network": lambda home: network.run(rounds=10),
    "clock": clock.run,
    "machine": lambda home: machine.run(examples=1_000, steps=40),
}
"""Those of the normal tests, with so many more."""


def main() -> int:
    chooser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    chooser.add_argument("only", nargs="*", choices=[*LONG, []], help="some of it")
    only = chooser.parse_args().only or list(LONG)
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}", flush=True
    )
    failed = [name for name in only if not _done(name)]
    print(f"FAILED: {', '.join(failed)}" if failed else "all as it must be")
    return 1 if failed else 0


def _done(name: str) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as home:
        try:
            figures = LONG[name](Path(home))
        except Exception as failure:
            print(f"\n{name}: FAILED: {failure}", flush=True)
            return False
    print(
        f"\n{name} ({time.monotonic() - began:.0f} s)",
        *(f"  - {each}" for each in figures),
        sep="\n",
        flush=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
