"""Whether a flaw is known of any locked release: pip-audit asks the package index, which keeps such notes.

    make audit

What it cannot ask about counts as a failure: nothing is called sound that was not looked up.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import LOCKS, WEIGHTS, StepFailedError
from scripts.tools import run_tool

AUDITED = (*(LOCKS / f"{name}.txt" for name in ("server", "opencv", "test", "bench", "tools", "uv")), WEIGHTS)
"""One after the other: together they may name a package twice, which pip-audit refuses."""


def main() -> int:
    """Run from the command line. 1: a flaw is known, or somebody did not answer."""
    failed = False
    for lock in AUDITED:
        asked = ("--requirement", lock, "--require-hashes", "--disable-pip", "--strict")
        try:
            run_tool(f"Looking up what is locked in {lock.name}", "pip-audit", *asked)
        except StepFailedError:
            print(f"==> {lock.name} IS NOT IN ORDER: the lines above say what is known, or was not told")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
