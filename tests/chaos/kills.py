"""`kill -9` of the server at random moments under load: what a terminal was told stands in the log."""

import asyncio
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.commands import history
from tests.chaos import light_server
from tests.chaos.enrolling import enrol, settings, verified, written
from tests.chaos.film import film, shades
from tests.chaos.terminals import Terminal, crowd, told, violations
from tests.support import certificate
from tests.support.server_process import PROGRAM, ROOT, free_port, plain_environment, running_server, wait_for

TERMINALS, LIGHT_TERMINALS = 3, 8
MOST_SECONDS = 3.0
"""After the first verdict, within which the server is killed; every other time, as soon as it has told a
decision."""
EARLY = 5
"""In every so many rounds a server is killed while it starts, too."""
START_SECONDS = 3.0
"""About how long a start takes."""


@dataclass
class Kills:
    """`killed`: when it served, `early`: while it started. `restarts`: seconds from each start of the server
    to the first verdict at a terminal. `told`: decisions that terminals were told; `lines`: of the log;
    `torn`: that crashes left of others."""

    terminals: int = TERMINALS
    killed: int = 0
    early: int = 0
    restarts: list[float] = field(default_factory=list)
    told: int = 0
    lines: int = 0
    torn: int = 0

    def figures(self) -> list[str]:
        median, worst = statistics.median(self.restarts), max(self.restarts)
        return [
            f"killed {self.killed} times with {self.terminals} terminals, and {self.early} times in starting",
            f"{self.told} decisions were told and {self.lines} lines written; none that was told is missing",
            f"the chain of seals is whole; torn lines, told apart: {self.torn}; missing in the history: 0",
            f"from the start of the process to the first verdict: median {median:.1f} s, worst {worst:.1f} s",
        ]


def run(
    home: Path,
    rounds: int,
    tls: bool = False,
    light: bool = False,
    seed: int = 1,
    say: Callable[[str], None] = print,
) -> Kills:
    """`tls`: with a certificate; else as shipped for terminals on the same machine. `light`: with workers
    that only look how bright a picture is, and are up sooner, and with more terminals."""
    draw, kills, port = random.Random(seed), Kills(), free_port()
    kills.terminals = LIGHT_TERMINALS if light else TERMINALS
    flags = ["--port", str(port)]
    context = None
    program = light_server.PROGRAM if light else PROGRAM
    if light:
        light_server.enrol(home)
    else:
        enrol(home)
    if tls:
        cert, key = certificate.make(home)
        flags += ["--tls-cert", str(cert), "--tls-key", str(key)]
        context = certificate.trusting(cert)
    shown = shades() if light else film()
    with crowd([port] * kills.terminals, shown, tls=context) as terminals:
        for number in range(1, rounds + 1):
            if number % EARLY == 0:
                _kill_early(home, program, flags, draw.uniform(0, START_SECONDS))
                kills.early += 1
            seconds = draw.uniform(0, MOST_SECONDS) if number % 2 else None
            kills.restarts.append(_serve_and_kill(home, program, flags, terminals, seconds))
            kills.killed += 1
            _look(home, terminals, kills)
            if number % 10 == 0:
                say(f"{number} kills: {kills}")
    _look_at_the_history(home, program, flags)
    return kills


def _serve_and_kill(
    home: Path, program: Sequence[str], flags: list[str], terminals: list[Terminal], seconds: float | None
) -> float:
    """Kill it so many seconds after the first verdict; None: as soon as it has told a decision. Returns the
    seconds from the start to the first verdict."""
    begun = time.monotonic()
    with running_server(home, *flags, program=program) as server:
        wait_for(lambda: any(each.answered_since(begun) for each in terminals), 180, "a verdict")
        restart = min(each.answered[-1] for each in terminals if each.answered_since(begun)) - begun
        workers = server.worker_pids()
        before = len(told(terminals))
        if seconds is None:
            wait_for(lambda: len(told(terminals)) > before, 60, "a decision")
        else:
            time.sleep(seconds)
        server.kill()
    wait_for(lambda: not any(_runs(pid) for pid in workers), 60, "the end of the workers")
    return restart


def _kill_early(home: Path, program: Sequence[str], flags: list[str], seconds: float) -> None:
    command = [sys.executable, *program, "--workers", "1", "--liveness", "off", "--web", "off"]
    command += ["--faces", str(home / "faces"), "--logs", str(home / "logs"), *flags]
    server = subprocess.Popen(
        command, cwd=ROOT, env=plain_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    server.kill()
    server.wait()


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _look(home: Path, terminals: list[Terminal], kills: Kills) -> None:
    """Nothing runs. Raises AssertionError: something is not as it must be."""
    assert not (wrong := violations(terminals)), wrong
    lines = written(home)
    lost = told(terminals).keys() - lines
    assert not lost, f"told, and not in the log: {lost}"
    kills.told, kills.lines = len(told(terminals)), len(lines)
    kills.torn = verified(home).count("torn by a crash")


def _look_at_the_history(home: Path, program: Sequence[str], flags: list[str]) -> None:
    """A last start takes in what kills have left out of the database."""
    with running_server(home, *flags, program=program) as server:
        assert server.stop() == 0
    report = asyncio.run(history.check(settings(home)))
    assert "decisions" in report, report
