"""On what the figures were measured."""

import importlib.metadata
import os
import platform
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.support.server_process import ROOT

PACKAGES = (
    "ai-edge-litert",
    "dlib",
    "dlib-bin",
    "face_recognition",
    "onnxruntime",
    "opencv-python",
    "opencv-python-headless",
    "numpy",
    "msgpack",
)


@dataclass(frozen=True)
class Machine:
    """`cores`: those this process may use."""

    date: str
    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    packages: dict[str, str]
    commit: str


class Bystanders:
    """How much of the machine other programs use, from here on."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._theirs = _busy_seconds() - _our_seconds()

    def cores(self) -> float:
        """Cores that others kept busy on average; what the hypervisor took away is theirs, too."""
        theirs = _busy_seconds() - _our_seconds() - self._theirs
        return max(0.0, theirs / (time.monotonic() - self._started))


def _our_seconds() -> float:
    """CPU of this process and of the descendants that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _busy_seconds() -> float:
    """CPU of everything, on all cores, since the machine was started."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    ticks = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    counted = dict(zip(names, map(int, ticks), strict=False))
    idle = counted["idle"] + counted["iowait"]
    return (sum(counted.values()) - idle) / os.sysconf("SC_CLK_TCK")


def describe() -> Machine:
    """This machine, now. Linux."""
    return Machine(
        date=datetime.now().astimezone().isoformat(" ", "minutes"),
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        system=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])} {platform.machine()}",
        python=platform.python_version(),
        packages=_packages(),
        commit=_commit(),
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or "unknown"


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str:
    """Of this checkout; "+" after it where files were changed since. Empty: not a checkout."""
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
