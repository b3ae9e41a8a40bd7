"""The monitor tells how late the loop was, why, and at which call."""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server import loopwatch
from server.loopwatch import LATE_SECONDS, Delay, Moment, Tally, doings, thread_clock, watching
from tests.support.server_process import running_server


def run_for(seconds: float) -> None:
    """Keep the processor busy, for so long as this thread runs."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def watched(*works: Callable[[], object], pause: float = 0.05) -> None:
    """Have a watched loop do the works, with pauses."""

    async def run() -> None:
        with watching():
            await asyncio.sleep(pause)
            for work in works:
                work()
                await asyncio.sleep(pause)

    asyncio.run(run())


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.fixture(autouse=True)
def talkative(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(loopwatch, "COMPLAINT_SECONDS", 0.0)


def test_a_delay_is_what_remains_after_running_and_waiting_for_a_processor() -> None:
    delay = Delay.between(Moment(10.0, 1.0, 5.0), 10.002, Moment(10.052, 1.03, 5.015))
    assert delay.late == pytest.approx(0.05) and delay.ran == pytest.approx(0.03)
    assert delay.blocked == pytest.approx(0.035)
    assert str(delay) == "50 ms late: 30 ms running, 5 ms waiting, 15 ms not scheduled"


def test_where_the_system_does_not_tell_it_is_not_told_apart() -> None:
    delay = Delay.between(Moment(10.0, 1.0, None), 10.002, Moment(10.052, 1.03, None))
    assert delay.blocked == pytest.approx(0.05)
    assert str(delay) == "50 ms late: 30 ms running, 20 ms waiting or not scheduled"


def test_parts_of_a_delay_are_not_more_than_the_whole() -> None:
    """What happened before the loop was due counts in none."""
    delay = Delay.between(Moment(10.0, 1.0, 5.0), 10.002, Moment(10.005, 1.002, 5.002))
    assert delay.late == pytest.approx(0.003) and delay.blocked == pytest.approx(delay.ran)
    assert Delay.between(Moment(10.0, 1.0, 5.0), 10.002, Moment(10.001, 1.0, 5.0)).late == 0


def test_a_summary_counts_and_names_the_longest() -> None:
    tally = Tally(100.0)
    for late, starved in [(0.001, 0.0), (0.02, 0.0), (0.05, 0.045), (0.03, 0.01)]:
        tally.add(Delay(late, 0.0, starved))
    assert tally.summary(110.0) == (
        "event loop, 10 s: more than 10 ms late 3 times (1.00% of the time), by its own doing 2 times;"
        " longest 50 ms late: 0 ms running, 5 ms waiting, 45 ms not scheduled;"
        " longest by its own doing 20 ms late: 0 ms running, 20 ms waiting, 0 ms not scheduled"
    )


def test_running_too_long_is_told_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    watched(lambda: run_for(0.1))
    (told,) = [warning for warning in warnings(caplog) if "run_for" in warning]
    assert re.search(r"\.run:\d+ > tests\.test_server_loopwatch\.<lambda>:\d+ > .*\.run_for:\d+$", told)
    late, running = re.findall(r"(\d+) ms (?:late|running)", told)
    assert int(late) >= 90 and int(running) >= 90


def test_waiting_is_told_from_running(caplog: pytest.LogCaptureFixture) -> None:
    def wait() -> None:
        time.sleep(0.1)

    watched(wait)
    (told,) = [warning for warning in warnings(caplog) if ".wait:" in warning]
    running, waiting = re.findall(r"(\d+) ms (?:running|waiting)", told)
    assert int(running) <= 10 and int(waiting) >= 80


def test_another_thread_at_work_is_named_one_that_waits_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopwatch, "OURS", ("tests",))
    begun, done = threading.Barrier(3), threading.Event()
    rounds: list[int] = []
    stop: list[bool] = []

    def wait() -> None:
        begun.wait(10)
        done.wait(10)

    def work() -> None:
        begun.wait(10)
        while not stop:
            rounds[:] = [1]

    threads = [threading.Thread(target=job, name=job.__name__) for job in (wait, work)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    while not rounds:
        time.sleep(0.001)
    told = doings(threading.get_ident())
    stop.append(True)
    done.set()
    for thread in threads:
        thread.join()
    itself, *others = told.split("; beside it ")
    assert ".test_another_thread_at_work_is_named_one_that_waits_is_not:" in itself
    assert [other.split(":")[:2] for other in others] == [["work", " tests.test_server.test_loopwatch.work"]]


def test_reports_of_single_delays_keep_a_pause(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loopwatch, "COMPLAINT_SECONDS", 30.0)
    watched(*[lambda: run_for(0.03)] * 5)
    assert len(warnings(caplog)) == 1
    (counted,) = re.findall(r"by its own doing (\d+) times", caplog.messages[-1])
    assert int(counted) >= 5


def test_a_loop_that_is_not_kept_is_not_said_to_run_too_long(caplog: pytest.LogCaptureFixture) -> None:
    watched(*[lambda: run_for(LATE_SECONDS / 4)] * 5)
    running = [int(ms) for warning in warnings(caplog) for ms in re.findall(r"(\d+) ms running", warning)]
    assert all(ms < LATE_SECONDS * 1000 for ms in running)


def test_there_is_a_summary_from_time_to_time(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loopwatch, "SUMMARY_SECONDS", 0.1)
    watched(lambda: run_for(0.03), lambda: None, lambda: None, lambda: None, pause=0.15)
    summaries = [message for message in caplog.messages if message.startswith("event loop, ")]
    late = [int(count) for summary in summaries for count in re.findall(r"own doing (\d+) times", summary)]
    *minutes, whole = late
    assert len(minutes) >= 3
    assert 1 <= sum(minutes) <= whole and 0 in minutes, "each of its own time, the last of all"


def test_the_clock_tells_what_this_thread_did() -> None:
    with thread_clock() as read:
        before = read()
        run_for(0.02)
        time.sleep(0.02)
        after = read()
    assert after.now - before.now >= 0.04
    assert 0.02 <= after.ran - before.ran < 0.03


def test_a_system_without_such_a_file_is_watched_all_the_same(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loopwatch, "_SCHEDULER_FILE", "/no/such/file")
    watched(lambda: run_for(0.03))
    assert any("waiting or not scheduled" in warning for warning in warnings(caplog))


def test_the_server_watches_its_loop_when_told_to(tmp_path: Path) -> None:
    with running_server(tmp_path, "--watch-loop") as server:
        assert server.stop() == 0
    assert "INFO    event loop, " in server.console
