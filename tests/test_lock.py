"""The lock holds what setup.cfg asks for, for every Python and system that it is for; see scripts/lock.py."""

import configparser
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scripts.bootstrap import LOCKS, WEIGHTS
from scripts.lock import ELSEWHERE, EXTRAS
from tests.support.imports import ROOT

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
FILES = sorted(LOCKS.glob("*.txt"))
OPENCV = ("opencv", "opencv-headless")


class Locked(NamedTuple):
    """One release of a lock, and how many files may be it."""

    requirement: Requirement
    hashes: int


def read(path: Path) -> list[Locked]:
    """All releases of a lock."""
    logical = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    lines = [line for line in logical if line.strip() and not line.lstrip().startswith("#")]
    return [
        Locked(
            Requirement(line.partition("--hash")[0]), len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
        )
        for line in lines
    ]


def environment(python: str, system: str) -> dict[str, str]:
    """What markers are about. A release of Python is new enough for all that asks for its minor version."""
    same = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
    return {"python_version": python, "python_full_version": f"{python}.9", **same, **SYSTEMS[system]}


def installed(lock: str, python: str, system: str) -> dict[str, list[Version]]:
    """What a lock has installed on such a machine: by right one release of each."""
    found: dict[str, list[Version]] = {}
    for locked in read(LOCKS / f"{lock}.txt"):
        requirement = locked.requirement
        if requirement.marker is None or requirement.marker.evaluate(environment(python, system)):
            version = next(iter(requirement.specifier)).version
            found.setdefault(canonicalize_name(requirement.name), []).append(Version(version))
    return found


def asked(extras: tuple[str, ...]) -> list[Requirement]:
    """What setup.cfg asks for."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = [
        config["options"]["install_requires"],
        *(config["options.extras_require"][name] for name in extras),
    ]
    return [Requirement(line) for text in texts for line in text.splitlines() if line]


def disagreements(lock: str, extras: tuple[str, ...], python: str, system: str) -> list[str]:
    """What setup.cfg asks for and the lock does not have installed."""
    have = installed(lock, python, system)
    wrong = [f"{name}: {versions}" for name, versions in have.items() if len(versions) != 1]
    for requirement in asked(extras):
        marker, name = requirement.marker, canonicalize_name(requirement.name)
        if name in ELSEWHERE or (marker and not marker.evaluate(environment(python, system))):
            continue
        if not any(requirement.specifier.contains(version) for version in have.get(name, ())):
            wrong.append(f"{requirement}: {have.get(name, 'missing')}")
    return wrong


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", EXTRAS)
def test_the_lock_has_what_setup_cfg_asks_for(lock: str, python: str, system: str) -> None:
    assert disagreements(lock, EXTRAS[lock], python, system) == [], "make lock renews it"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_locks_that_are_installed_together_agree(python: str, system: str) -> None:
    server = installed("server", python, system)
    for lock in EXTRAS:
        other = installed(lock, python, system)
        assert {name: server[name] for name in other if name in server} == {
            name: other[name] for name in server if name in other
        }


@pytest.mark.parametrize("lock", OPENCV)
def test_either_opencv_is_one_that_setup_cfg_asks_for(lock: str) -> None:
    wanted = next(each for each in asked(()) if each.name == "opencv-python")
    (locked,) = read(LOCKS / f"{lock}.txt")
    assert locked.requirement.name.startswith("opencv-python")
    assert wanted.specifier.contains(next(iter(locked.requirement.specifier)).version)


@pytest.mark.parametrize("path", [*FILES, WEIGHTS], ids=lambda path: path.name)
def test_every_release_is_pinned_by_hashes(path: Path) -> None:
    assert read(path)
    for locked in read(path):
        assert [each.operator for each in locked.requirement.specifier] == ["=="], locked
        assert locked.hashes >= 1, locked


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_lock_names_no_place_to_fetch_from(path: Path) -> None:
    assert not re.search(r"://|^-", path.read_text(encoding="utf-8"), re.MULTILINE)
