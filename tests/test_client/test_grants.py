"""The grant command: once, in time, without a shell."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client.grants import GrantRunner
from tests.support.fake_server import grant, wait_until
from wire import DecisionNotice, Verdict

RECORD = """
import json, os, sys
found = {key: os.environ[key] for key in os.environ if key.startswith("DOORWARD")}
with open(sys.argv[1], "a") as file:
    print(json.dumps([sys.argv[2:], found]), file=file)
"""


@contextmanager
def running(*command: str, seconds: float = 10.0) -> Iterator[GrantRunner]:
    """A runner whose commands are done at the end of the block."""
    runner = GrantRunner(command, {"DOORWARD_MARK": "inherited"}, "front door", seconds)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield runner
    finally:
        runner.finish(drop_waiting=False)
        thread.join(20)
        assert not thread.is_alive()


def recorder(path: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RECORD, str(path), *arguments]


def recorded(path: Path) -> list[tuple[list[str], dict[str, str]]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_once_per_decision_and_only_for_grants(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(*recorder(log)) as runner:
        for decision in [grant("a"), grant("a"), DecisionNotice("b", Verdict.DENIED, (), ""), grant("c")]:
            runner.offer(decision, time.monotonic())
    assert [found["DOORWARD_DECISION_ID"] for _, found in recorded(log)] == ["a", "c"]


def test_environment(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(*recorder(log)) as runner:
        decision = DecisionNotice("i\0d", Verdict.GRANTED, ("Zoë\0", 'a "b"\nc'), "ma\0tch")
        runner.offer(decision, time.monotonic())
    ((_, found),) = recorded(log)
    assert json.loads(found.pop("DOORWARD_NAMES")) == ["Zoë", 'a "b"\nc']
    assert found == {
        "DOORWARD_MARK": "inherited",
        "DOORWARD_DECISION_ID": "id",
        "DOORWARD_VERDICT": "granted",
        "DOORWARD_REASON": "match",
        "DOORWARD_TERMINAL": "front door",
    }


def test_no_shell(tmp_path: Path) -> None:
    log, trap = tmp_path / "log", tmp_path / "trap"
    with running(*recorder(log, "; touch", f"$(touch {trap})", "*")) as runner:
        runner.offer(grant(names=(f"$(touch {trap})",)), time.monotonic())
    assert recorded(log)[0][0] == ["; touch", f"$(touch {trap})", "*"]
    assert not trap.exists()


def test_a_late_grant_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    with running(*recorder(log)) as runner:
        runner.offer(grant("late"), time.monotonic() - 2.01)
        runner.offer(grant("timely"), time.monotonic() - 0.5)
    assert [found["DOORWARD_DECISION_ID"] for _, found in recorded(log)] == ["timely"]
    assert "grant late is not acted upon: it is 2.0 s old" in capsys.readouterr().err


def test_a_grant_that_waited_too_long_opens_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    script = "import time; open(__import__('sys').argv[1], 'a').write('x'); time.sleep(0.6)"
    with running(sys.executable, "-c", script, str(log)) as runner:
        runner.offer(grant("first"), time.monotonic())
        runner.offer(grant("second"), time.monotonic() - 1.5)
    assert log.read_text() == "x"
    assert "grant second is not acted upon" in capsys.readouterr().err


def test_timeout_kills_the_command_and_its_children(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alive = tmp_path / "alive"
    child = f"while :; do date +%s%N > {alive}; sleep 0.02; done"
    with running("sh", "-c", f"({child}) & wait", seconds=0.5) as runner:
        runner.offer(grant(), time.monotonic())
        wait_until(alive.exists, "the child")
    assert "killed after 0.5 s" in capsys.readouterr().err
    last = alive.read_text()
    time.sleep(0.2)
    assert alive.read_text() == last


def test_failures_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with running(sys.executable, "-c", "raise SystemExit(3)") as runner:
        runner.offer(grant("a"), time.monotonic())
    assert "failed with exit code 3" in capsys.readouterr().err
    with running("/no/such/command") as runner:
        runner.offer(grant("a"), time.monotonic())
    assert "could not be started" in capsys.readouterr().err


def test_the_queue_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    runner = GrantRunner(["true"], {}, "door")
    for number in range(10):
        runner.offer(grant(str(number)), time.monotonic())
    err = capsys.readouterr().err
    assert "grant 8 is not acted upon" in err and "grant 9 is not acted upon" in err


def test_waiting_grants_are_dropped_when_somebody_quits(tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner = GrantRunner(recorder(log), {}, "door")
    runner.offer(grant(), time.monotonic())
    runner.finish(drop_waiting=True)
    runner.run()
    assert not log.exists()
