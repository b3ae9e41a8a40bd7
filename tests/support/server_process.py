"""The real server as a process, as an administrator would start it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from server.audit.access_log import parse
from tests.support.photos import MODEL_CACHE

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0
PROGRAM = ("-m", "server")
_TESTED = ("--liveness", "off", "--web", "off")
"""The visitors of most tests are photos, and most ask nothing of the console. A later flag wins."""


def wait_for(condition: Callable[[], object], seconds: float = 20.0, what: str = "the condition") -> None:
    """Poll until `condition()` is true; fails the test when it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def plain_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("DOORWARD_")}


class ServerProcess:
    """A server on a free port, with `faces` and `logs` folders of its own."""

    def __init__(
        self,
        home: Path,
        *flags: str,
        workers: int = 1,
        own_group: bool = False,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`program`: what Python runs."""
        self.faces = home / "faces"
        self.logs = home / "logs"
        command = [sys.executable, *program, "--port", "0", "--workers", str(workers)]
        command += ["--faces", str(self.faces), "--logs", str(self.logs), *_TESTED, *flags]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=own_group,
        )
        self._reading = threading.Event()
        self._reading.set()
        self._console: list[str] = []
        threading.Thread(target=self._read_console, daemon=True).start()
        try:
            self.port = self._wait_for_port()
        except AssertionError:
            self.kill()
            raise

    def _read_console(self) -> None:
        for line in self._process.stdout or ():
            self._reading.wait()
            self._console.append(line.rstrip("\n"))

    def _wait_for_port(self) -> int:
        def listening() -> "re.Match[str] | None":
            return re.search(r"listening on [\d.]+:(\d+)", self.console)

        wait_for(lambda: listening() or self._process.poll() is not None, START_SECONDS, "listening")
        found = listening()
        assert found is not None, self.console
        return int(found[1])

    @property
    def console(self) -> str:
        return "\n".join(self._console)

    @property
    def pid(self) -> int:
        return self._process.pid

    def log_lines(self) -> list[dict[str, str | None]]:
        """The access log, parsed."""
        text = (self.logs / "access_log.txt").read_text(encoding="utf-8")
        return [parse(line) for line in text.split("\n")[:-1]]

    def receipts(self) -> str:
        return (self.logs / "enrolment_log.txt").read_text(encoding="utf-8")

    def worker_pids(self) -> list[int]:
        """The worker processes (Linux)."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/children")
        children = [pid for thread in threads for pid in thread.read_text().split()]
        return [int(pid) for pid in children if b"spawn_main" in _command_line(pid)]

    def stop_reading(self) -> None:
        """Let the console fill up, as a paused pager does."""
        self._reading.clear()

    def wait(self) -> int:
        return self._process.wait(30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; returns the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return b""


def _share_models(logs: Path) -> None:
    """Spare every server of the tests the conversion of networks."""
    MODEL_CACHE.mkdir(parents=True, exist_ok=True)
    logs.mkdir(exist_ok=True)
    if not (logs / "models").exists():
        (logs / "models").symlink_to(MODEL_CACHE, target_is_directory=True)


@contextmanager
def running_server(
    home: Path,
    *flags: str,
    workers: int = 1,
    own_group: bool = False,
    program: Sequence[str] = PROGRAM,
) -> Iterator[ServerProcess]:
    (home / "faces").mkdir(parents=True, exist_ok=True)
    _share_models(home / "logs")
    server = ServerProcess(home, *flags, workers=workers, own_group=own_group, program=program)
    try:
        yield server
    finally:
        server.kill()
