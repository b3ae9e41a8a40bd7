"""The units of examples/systemd/ say what README and the documentation say of them."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from client.options import parse
from server.startup.folders import WRITTEN
from tests.support.imports import ROOT

UNITS = ROOT / "examples" / "systemd"
SERVER, TERMINAL = UNITS / "doorward.service", UNITS / "doorward-terminal.service"
EXPOSURE = {SERVER: 1.4, TERMINAL: 1.7}
"""At most; README and docs/terminal.md tell it."""
systemd_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")


def service(unit: Path) -> dict[str, str]:
    """Its section [Service], the last of each key."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text(encoding="utf-8").replace("\\\n", " "))
    return dict(parser["Service"])


@systemd_analyze
@pytest.mark.parametrize("unit", EXPOSURE, ids=lambda unit: unit.name)
def test_a_unit_gives_up_what_it_does_not_need(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip(f"this systemd cannot look at a file: {done.stderr.strip()}")
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE[unit]
    pages = (ROOT / "README.md", ROOT / "docs" / "terminal.md")
    assert any(str(EXPOSURE[unit]) in page.read_text(encoding="utf-8") for page in pages)


@systemd_analyze
@pytest.mark.parametrize("unit", EXPOSURE, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if unit.name in line]
    assert [line for line in lines if "is not executable" not in line] == []


def test_the_server_is_waited_for_and_watched() -> None:
    told = service(SERVER)
    assert (told["Type"], told["WatchdogSec"], told["Restart"]) == ("notify", "30", "always")
    assert told["ExecStart"].endswith(".venv/bin/python -m server")


def test_the_server_may_write_to_what_it_writes_to() -> None:
    assert WRITTEN
    places = service(SERVER)["ReadWritePaths"].split()
    assert places == [f"/opt/doorward/{name}" for name in ("faces", "logs", "settings")]


def test_the_terminals_command_is_one_that_it_understands(tmp_path: Path) -> None:
    words = service(TERMINAL)["ExecStart"].split()
    assert words[1:3] == ["-m", "client"]
    token = tmp_path / "front-door.token"
    token.write_text("secret-token-of-the-front-door", encoding="utf-8")
    given = [str(token) if word == "front-door.token" else word for word in words[3:]]
    ca, program = given.index("--ca"), given.index("/usr/local/bin/open-door")
    given[program] = sys.executable
    options = parse([*given[:ca], *given[ca + 2 :]], {})
    assert (options.host, options.terminal, options.full_screen) == ("door-server.lan", "front-door", True)


def test_the_terminal_has_camera_screen_and_network() -> None:
    told = service(TERMINAL)
    assert told["DeviceAllow"] == "char-video4linux rw" and told["DevicePolicy"] == "closed"
    assert told["BindReadOnlyPaths"].endswith("/tmp/.X11-unix") and told["PrivateTmp"] == "yes"
    assert told["RestrictAddressFamilies"].split() == ["AF_INET", "AF_INET6", "AF_UNIX"]
