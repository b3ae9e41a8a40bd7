"""What the server's process is set to, so that its event loop is there when a terminal needs it."""

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import service as module
from server.service import SWITCH_SECONDS, serve
from server.settings import load
from tests.support.server_process import ROOT, plain_environment

THREADS = "OPENBLAS_NUM_THREADS"


@pytest.mark.parametrize(("given", "used"), [({}, "1"), ({THREADS: "3"}, "3")])
def test_faces_are_compared_in_one_thread_unless_told_otherwise(given: dict[str, str], used: str) -> None:
    """NumPy asks when it is loaded, so it must be told before."""
    script = f"""
import os, sys
assert "numpy" not in sys.modules
import server.cli
assert "numpy" in sys.modules
print(os.environ["{THREADS}"])
"""
    environment = {key: value for key, value in plain_environment().items() if key != THREADS} | given
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == used, done.stderr


@pytest.fixture
def as_before() -> Iterator[None]:
    interval = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval)
    gc.unfreeze()


@pytest.mark.usefixtures("as_before")
def test_busy_threads_and_the_garbage_of_the_start_do_not_hold_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(*_: object) -> None:
        """Without workers."""

    monkeypatch.setattr(module, "_start", start)
    monkeypatch.setattr(module, "tell", lambda *_: signal.raise_signal(signal.SIGTERM))
    frozen = gc.get_freeze_count()
    monkeypatch.chdir(tmp_path)
    asyncio.run(serve(load({"port": 0, "workers": 1}, {}, None)))
    assert gc.get_freeze_count() > frozen + 1000
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
