"""The server under test: a process of its own, as an administrator would start it."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.speed import process_tree
from tests.benchmarks.speed.process_tree import CpuTime, Memory
from tests.support.server_process import plain_environment

DOORWARD, OFF = "Doorward", "Doorward, liveness off"
MODES: Mapping[str, tuple[str, ...]] = {DOORWARD: (), OFF: ("--liveness", "off")}
"""The servers that are measured, and their flags: as it is shipped, and one that trusts photos."""
START_SECONDS = 300.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.02
_LISTENING = re.compile(r"listening on [\d.]+:(\d+)")


class BenchmarkError(Exception):
    """Something did not happen that has to; the message says what."""


class DoorServer:
    """A server on a free port, with default settings but for `flags`; `home` holds its faces/ and logs/."""

    def __init__(self, home: Path, *flags: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "server", "--port", "0"]
        command += ["--faces", str(home / "faces"), "--logs", str(home / "logs"), *flags]
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=home,  # not where the administrator's own doorward.toml may be
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._console: list[tuple[float, str]] = []
        threading.Thread(target=self._read_console, daemon=True).start()

    def _read_console(self) -> None:
        for line in self._process.stdout or ():
            self._console.append((time.perf_counter() - self._started, line.rstrip("\n")))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since the command was given."""
        return time.perf_counter() - self._started

    def console(self) -> list[tuple[float, str]]:
        """What it has said so far, and how many seconds after the command."""
        return list(self._console)

    def listening(self, seconds: float = START_SECONDS) -> tuple[float, int]:
        """Wait until it listens: seconds after the command, and the port. Raises BenchmarkError."""
        while True:
            ended = self._process.poll() is not None or self.age >= seconds
            for at, line in self.console():
                if found := _LISTENING.search(line):
                    return at, int(found[1])
            if ended:
                break
            time.sleep(POLL_SECONDS)
        last_words = "\n".join(line for _, line in self.console()[-20:])
        raise BenchmarkError(f"the server did not listen within {seconds:.0f} s; it said:\n{last_words}")

    def cpu_time(self) -> CpuTime:
        return process_tree.cpu_time(self.pid)

    def memory(self) -> Memory:
        return process_tree.memory(self.pid)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(home: Path, *flags: str) -> Iterator[DoorServer]:
    """A server that is stopped at the end; it may not listen yet."""
    server = DoorServer(home, *flags)
    try:
        yield server
    finally:
        server.stop()
