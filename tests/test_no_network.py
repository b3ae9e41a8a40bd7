"""Nothing is fetched and nobody is told at run time: this machine is all that a decision needs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.imports import ROOT
from tests.support.photos import photo

ALONE = ["unshare", "--map-root-user", "--net"]
OWN = ("'127.0.0.1'", "'localhost'", "'::1'", "b'127.0.0.1'")


def why_not() -> str:
    """Why there can be no network namespace here; empty: there can."""
    if shutil.which("unshare") is None:
        return "there is no unshare (Linux, util-linux)"
    done = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"this machine allows no network namespace: {done.stderr.strip()}"


def alone(*command: str) -> str:
    """Run Python where there is no network; what it prints."""
    done = subprocess.run(
        [*ALONE, sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


def test_somebody_is_let_in_without_a_network_and_no_other_address_is_tried(tmp_path: Path) -> None:
    for name in ("obama", "obama2"):
        photo(name)  # fetched while there is a network
    found: dict[str, Any] = json.loads(
        alone("-m", "tests.support.without_network", str(tmp_path)).splitlines()[-1]
    )
    assert any("GRANTED front-door" in line and '"Barack Obama"' in line for line in found["log"])
    assert found["asked"], "the terminal's own connection is to be among them"
    others = [asked for asked in found["asked"] if not asked.lstrip("(").startswith(OWN)]
    assert others == []
    assert found["unreachable"] == 0


def test_an_attempt_to_reach_somebody_would_have_been_seen() -> None:
    script = """
import socket
from tests.support.without_network import bring_loopback_up, unreachable
bring_loopback_up()
assert unreachable() == 0
try:
    socket.create_connection(("192.0.2.1", 80), 5)
except OSError:
    print(unreachable())
"""
    assert int(alone("-c", script)) > 0
