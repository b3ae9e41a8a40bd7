"""Renew the lock: exactly which releases an installation consists of, with the hashes of their files.

    make lock

setup.cfg says which releases may be had, and is all that pip knows of; the files in requirements/ say which
were tested, and are all that scripts/bootstrap.py installs. They hold for every Python and system that
setup.cfg names: what differs has a marker.
"""

import configparser
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import LOCKS, ROOT, VENV_PYTHON, StepFailedError, run, uv_environment

OLDEST_PYTHON = "3.10"
EXTRAS = {"server": ("server", "web", "prebuilt"), "test": ("test",), "bench": ("bench",), "fuzz": ("fuzz",)}
"""Which extras of setup.cfg each lock holds, next to what Doorward always needs. The first is what the others
agree with."""
ELSEWHERE = ("opencv-python", "dlib")
"""OpenCV has two locks, one for machines that have no screen; dlib-bin is in dlib's place."""
TOOLS = {"uv": ("uv>=0.5,<1",), "tools": ("pip-audit>=2.10,<3", "cyclonedx-bom>=7,<8")}
"""What the repository's own commands run, apart from Doorward."""


def opencv(kind: str) -> str:
    """The opencv-python line of setup.cfg, for another of its wheels."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = config["options"]["install_requires"].splitlines()
    line = next(line for line in lines if line.startswith("opencv-python"))
    return line.replace("opencv-python", kind, 1)


def compile_lock(name: str, source: str | Path, *options: str) -> None:
    """Resolve what a file asks for into requirements/`name`.txt: the newest, for every Python and system."""
    command: list[str | Path] = [
        VENV_PYTHON,
        "-m",
        "uv",
        "pip",
        "compile",
        source,
        "--output-file",
        LOCKS / f"{name}.txt",
    ]
    command += ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--upgrade", "--quiet"]
    command += ["--custom-compile-command", "make lock", "--no-python-downloads", *options]
    run(f"Locking {name}", *command, env=uv_environment(VENV_PYTHON))


def lock_extras() -> None:
    """What Doorward needs."""
    apart = [f"--no-emit-package={package}" for package in ELSEWHERE]
    first = next(iter(EXTRAS))
    for name, extras in EXTRAS.items():
        agree = [] if name == first else [f"--constraint={LOCKS / first}.txt"]
        compile_lock(name, ROOT / "setup.cfg", *apart, *agree, *(f"--extra={extra}" for extra in extras))


def lock_wanted(name: str, wanted: Sequence[str], *options: str) -> None:
    """Some packages by themselves."""
    asked = ROOT / ".cache" / f"{name}.in"
    asked.parent.mkdir(exist_ok=True)
    asked.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    compile_lock(name, asked, "--no-annotate", *options)


def main() -> int:
    """Run from the command line."""
    LOCKS.mkdir(exist_ok=True)
    try:
        lock_extras()
        for name, kind in (("opencv", "opencv-python"), ("opencv-headless", "opencv-python-headless")):
            lock_wanted(name, [opencv(kind)], "--no-deps")
        for name, wanted in TOOLS.items():
            lock_wanted(name, wanted)
    except StepFailedError as error:
        print(f"\n==> {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
