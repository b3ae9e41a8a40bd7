"""`make help` is all that somebody new reads."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([^\s.:#]+):(?!=)", MAKEFILE, re.MULTILINE)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_help_lists_every_target_and_how_to_choose_a_python() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert TARGETS and re.findall(r"^  make (\S+) +\S", done.stdout, re.MULTILINE) == TARGETS
    assert "make PYTHON=" in done.stdout


def test_no_target_is_a_file() -> None:
    assert re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split() == TARGETS
