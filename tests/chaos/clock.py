"""The clock on the wall jumps: grants, locks and the order of the log do not depend on it."""

import os
import time
from datetime import datetime
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

from server.audit.access_log import parse
from tests.chaos.enrolling import verified
from tests.chaos.faulty_server import Faults, program
from tests.chaos.light_server import ENROLLED, STRANGER, enrol
from tests.chaos.visits import decided, empty, until
from tests.support.blackbox import BlackBox
from tests.support.server_process import ServerProcess, running_server

HOUR, DAY = 3600.0, 86400.0
JUMPS = (HOUR, -HOUR, 400 * DAY, -400 * DAY)
ZONE = "Europe/Berlin"
CHANGES = {
    "forwards": datetime(2027, 3, 28, 1, 59, 57, tzinfo=ZoneInfo(ZONE)),
    "back": datetime(2027, 10, 31, 2, 59, 57, tzinfo=ZoneInfo(ZONE)),
}
"""Shortly before the clocks are changed."""
LOCK_SECONDS = 15.0
"""Of a first lock."""


def run(home: Path) -> list[str]:
    """Raises AssertionError."""
    enrol(home)
    faults = home / "faults.json"
    Faults().write(faults)
    with (
        mock.patch.dict(os.environ, TZ=ZONE),
        running_server(home, "--attempts", "1", program=program(faults)) as server,
    ):
        figures = [_jump(server, faults, seconds) for seconds in JUMPS]
        figures.append(_locked(server, faults))
        figures += [_change(server, faults, which) for which in CHANGES]
        assert server.stop() == 0
    verified(home)
    text = (home / "logs" / "access_log.txt").read_text(encoding="utf-8")
    numbers = [int(str(parse(line)["seal"]).partition("-")[0]) for line in text.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    return [*figures, f"{len(numbers)} lines in the order in which they were written, every seal good"]


def _jump(server: ServerProcess, faults: Path, seconds: float) -> str:
    """While somebody who is granted stands there, and is then gone."""
    Faults().write(faults)
    with BlackBox(server.port) as terminal:
        terminal.hello("front")
        until(terminal, ENROLLED, "verdict", "granted")
        Faults(clock=seconds).write(faults)
        assert empty(terminal)["verdict"] == "none", "a grant ends with the frame that shows nobody"
    assert decided(server.port, ENROLLED)["verdict"] == "granted"
    return f"the clock jumps by {seconds / HOUR:+.0f} h during a grant, which ends when nobody is there"


def _locked(server: ServerProcess, faults: Path) -> str:
    """A stranger locks the door; who is enrolled stays out until the time is over, whatever a clock says."""
    Faults().write(faults)
    assert decided(server.port, STRANGER)["verdict"] == "denied"
    locked, jumps, reasons = time.monotonic(), 0, set()
    while time.monotonic() < locked + LOCK_SECONDS / 2:
        Faults(clock=JUMPS[jumps % len(JUMPS)]).write(faults)
        reasons.add(decided(server.port, ENROLLED)["reason"])
        jumps += 1
    assert reasons == {"locked_out"}, reasons
    time.sleep(max(0.0, locked + LOCK_SECONDS + 1 - time.monotonic()))
    assert decided(server.port, ENROLLED)["verdict"] == "granted", "nor is it locked for longer"
    return f"a lock-out is as long as it is, through {jumps} jumps of the clock"


def _change(server: ServerProcess, faults: Path, which: str) -> str:
    moment = CHANGES[which].timestamp()
    Faults(clock=moment - time.time()).write(faults)
    changed = time.monotonic() + 4.0
    assert decided(server.port, ENROLLED)["verdict"] == "granted"
    time.sleep(max(0.0, changed - time.monotonic()))
    assert decided(server.port, ENROLLED)["verdict"] == "granted"
    before, after = (datetime.fromisoformat(str(line["time"])) for line in server.log_lines()[-2:])
    assert before < after, (before, after)
    return f"clocks changed {which}: {before:%H:%M:%S %z} stands before {after:%H:%M:%S %z}"
