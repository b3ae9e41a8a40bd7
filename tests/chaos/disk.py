"""Disks that fail, are slow, full or read-only: the door stays shut, and opens when they are back."""

import errno
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from server.database.database import FILE as DATABASE
from tests.chaos.enrolling import verified, written
from tests.chaos.faulty_server import Faults, program
from tests.chaos.light_server import ENROLLED, PROGRAM, enrol
from tests.chaos.visits import decided, empty
from tests.support.blackbox import BlackBox
from tests.support.server_process import ROOT, ServerProcess, running_server, wait_for

SLOW_SECONDS = 2.0
LOCKED_SECONDS = 7.0
"""The database waits 5 s for another program."""
DISK_BYTES = 24 << 20
PAGE = 4096


def failing(home: Path) -> list[str]:
    """Flushing fails, is slow, and another program keeps the database. Raises AssertionError."""
    enrol(home)
    faults = home / "faults.json"
    Faults().write(faults)
    figures = []
    with running_server(home, program=program(faults)) as server:
        assert _verdict(server) == ("granted", "recognised")
        for number in (errno.EIO, errno.ENOSPC, errno.EROFS):
            Faults(errno=number).write(faults)
            assert _verdict(server) == ("denied", "log_unavailable")
            Faults().write(faults)
            assert _verdict(server) == ("granted", "recognised"), "without a restart"
            figures.append(f"{errno.errorcode[number]}: denied with log_unavailable, granted when it is over")
        figures += [_slow(server, faults), _locked(home, server)]
        wait_for(lambda: _decisions(home) == len(written(home)), 30, "the history")
        assert server.stop() == 0
    verified(home)
    return [*figures, f"log whole afterwards ({len(written(home))} lines), and all of it in the history"]


def _slow(server: ServerProcess, faults: Path) -> str:
    """The others do not wait for the terminal whose line is being written."""
    Faults(slow=SLOW_SECONDS).write(faults)
    slowest = [0.0]
    with BlackBox(server.port) as neighbour, _beside(lambda: _look(neighbour, slowest)):
        began = time.monotonic()
        assert _verdict(server) == ("granted", "recognised")
        took = time.monotonic() - began
    Faults().write(faults)
    wait_for(lambda: "the disk took" in server.console, what="a warning")
    assert took > SLOW_SECONDS and slowest[0] < SLOW_SECONDS, (took, slowest)
    return f"{SLOW_SECONDS:.0f} s for each flush: slowest answer at the neighbouring door {slowest[0]:.2f} s"


def _look(terminal: BlackBox, slowest: list[float]) -> None:
    if not slowest[0]:
        terminal.hello("neighbour")
    began = time.monotonic()
    empty(terminal)
    slowest[0] = max(slowest[0], time.monotonic() - began)


def _locked(home: Path, server: ServerProcess) -> str:
    with closing(sqlite3.connect(home / "logs" / DATABASE, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert _verdict(server) == ("granted", "recognised")
        while time.monotonic() < began + LOCKED_SECONDS:
            time.sleep(0.1)
        other.rollback()
    return f"database kept by another program for {LOCKED_SECONDS:.0f} s: granted meanwhile"


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Again and again, in a thread."""
    over = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            while not over.is_set():
                work()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures


def can_mount() -> bool:
    """Whether this system lets us have disks of our own."""
    try:
        done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def full(home: Path) -> list[str]:
    """With a real disk that is full, in a namespace of its own. Raises AssertionError."""
    command = ["unshare", "-rm", sys.executable, "-m", "tests.chaos.disk", str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, done.stdout + done.stderr
    figures: list[str] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _full_here(home: Path) -> list[str]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(home)], check=True)
    enrol(home)
    _almost_a_page(home / "logs" / "access_log.txt")
    ballast = home / "ballast"
    with running_server(home, program=PROGRAM) as server:
        assert _verdict(server) == ("granted", "recognised")
        _fill(ballast)
        shut = [_verdict(server) for _ in range(5)]
        assert shut[-2:] == [("denied", "log_unavailable")] * 2, shut
        assert shutil.disk_usage(home).free < PAGE, "it is full"
        ballast.unlink()
        assert _verdict(server) == ("granted", "recognised"), "without a restart"
        wait_for(lambda: _decisions(home) == len(written(home)), 40, "the history")
        assert server.stop() == 0
    verified(home)
    return [
        "a full disk (tmpfs): denied with log_unavailable; granted again when there is space",
        "log whole afterwards, and the history complete",
        *_read_only(home),
    ]


def _read_only(home: Path) -> list[str]:
    """A start on a disk that cannot be written says so, and harms nothing."""
    before = (home / "logs" / "access_log.txt").read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    folders = ["--faces", str(home / "faces"), "--logs", str(home / "logs")]
    command = [sys.executable, "-m", "server", "--port", "0", "--web", "off", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "logs" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert (home / "logs" / "access_log.txt").read_bytes() == before
    return [f"a start on a read-only disk ends at once: {done.stderr.strip().splitlines()[-1][:60]}..."]


def _almost_a_page(path: Path) -> None:
    """So that few lines fit into what the file has of the disk already."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("#" * (PAGE - 420) + "\n")


def _fill(path: Path) -> None:
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, PAGE):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def _verdict(server: ServerProcess) -> tuple[str, str]:
    """Of somebody who is enrolled."""
    decision = decided(server.port, ENROLLED)
    return decision["verdict"], decision["reason"]


def _decisions(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home / 'logs' / DATABASE}?mode=ro", uri=True)) as database:
        found: tuple[int] = database.execute("SELECT count(*) FROM decision").fetchone()
        return found[0]


if __name__ == "__main__":
    print(json.dumps(_full_here(Path(sys.argv[1]))))
