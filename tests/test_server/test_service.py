"""What the server's process is set to, so that its event loop is there when a terminal needs it."""

import asyncio
import gc
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.service import SWITCH_SECONDS, serve
from server.settings import Settings
from server.startup.sources import Sources
from server.support.last_warnings import LastWarnings
from tests.support.photos import MODEL_CACHE
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


class _StopsWhenListening(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("listening on "):
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def console(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What a server says, until it listens: then it is told to stop."""
    caplog.set_level(logging.INFO)
    stops = _StopsWhenListening()
    logging.getLogger().addHandler(stops)
    yield caplog
    logging.getLogger().removeHandler(stops)


@pytest.mark.usefixtures("as_before")
def test_busy_threads_and_the_garbage_of_the_start_do_not_hold_the_loop(
    tmp_path: Path, console: pytest.LogCaptureFixture
) -> None:
    for name in ("faces", "logs"):
        (tmp_path / name).mkdir()
    (tmp_path / "logs" / "models").symlink_to(MODEL_CACHE)
    frozen = gc.get_freeze_count()
    values = {"port": 0, "workers": 1, "faces": tmp_path / "faces", "logs": tmp_path / "logs"}
    settings, sources = Settings.model_validate(values), Sources(values, {}, None)
    asyncio.run(serve(settings, sources, LastWarnings(), logging.NullHandler()))
    assert gc.get_freeze_count() > frozen + 1000
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    told = [record.getMessage() for record in console.records if record.name.startswith("server.")]
    assert told[0].startswith("loading the models into 2 processes")
    assert told[1:5] == [
        "enrolling 0 photos",
        "enrolled: 0 people by 0 photos; 0 held or rejected",
        "nobody is enrolled: everybody will be denied",
        "policy any; liveness passive",
    ]


def test_the_first_lines_of_a_start_tell_where_it_works(tmp_path: Path) -> None:
    """Whatever else a start is about to say."""
    (tmp_path / "doorward.toml").write_text("port = 0\nworkers = 1\n")
    (tmp_path / "doorward.toml").chmod(0o600)
    environment = {**plain_environment(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "server"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline().rstrip("\n")[20:] for _ in range(5)]
        server.terminate()
        server.stdout.read()
    assert lines == [
        f"INFO    settings: {tmp_path}/doorward.toml",
        f"INFO    photos: {tmp_path}/faces; logs: {tmp_path}/logs",
        "WARNING faces did not exist and was made: drop photos there",
        "WARNING logs did not exist and was made",
        "INFO    loading the models into 2 processes; the first time this takes some seconds more",
    ]
