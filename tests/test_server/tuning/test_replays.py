"""Deciding recordings again beside a running server."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.orders import EMPTY
from server.access.rules import Rules
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.recorder import Recorder
from server.tuning import replay_task, replays
from server.tuning.replay_task import Progress, ReplayOrder, ReplayResult
from server.tuning.replays import Job, ReplayBusyError, Replays, State
from server.workers.process import WorkerGoneError, WorkerProcess
from tests.support.embeddings import box, gallery, look, person, stranger
from tests.support.recorded import LiveDoor

T = TypeVar("T")
RULES = Rules(recogniser=DLIB, liveness=Liveness.OFF, threshold=0.3)
PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})
NEAR, FAR, MALLORY = Face(box(), look(0, 0.1)), Face(box(), look(0, 0.24)), Face(box(), stranger(0))


def record(folder: Path, terminal: str = "front") -> None:
    """Ada comes near, Ada comes less near, and somebody else does."""
    recorder = Recorder.in_folder(folder)
    door = LiveDoor(RULES, PEOPLE, terminal=terminal)
    for at, shown in enumerate((NEAR, FAR, MALLORY)):
        for number in range(40):
            frame = door.see([shown] if number < 25 else [], at * 20 + number * 0.2)
            recorder.take(FrameObserved(terminal, terminal, frame, RULES))
    recorder.take(DoorClosed(terminal, terminal, door.close(), RULES))
    recorder.close()


def order(folder: Path, **more: Any) -> ReplayOrder:
    values = {"rules": replace(RULES, threshold=0.2), "gallery": PEOPLE, "roster": EMPTY, "terminals": None}
    return ReplayOrder(**{"folder": folder, **values, **more})


class InThisProcess:
    """A process that is none."""

    def __init__(self) -> None:
        self.killed = False
        self.asked: list[str] = []
        self.gone = self.hangs = False

    async def start(self, load: Callable[[], T]) -> T:
        return load()

    def ask(self, task: Callable[[], T]) -> "asyncio.Future[T]":
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self.gone:
            answer.set_exception(WorkerGoneError(True, 1.0))
        elif not self.hangs:
            answer.set_result(task())
        return answer

    async def finish(self) -> None:
        assert self.killed

    def kill(self) -> None:
        self.killed = True


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[InThisProcess]:
    monkeypatch.setattr("server.support.osdep.step_back", lambda steps: None)
    yield InThisProcess()
    replay_task._work = None


def jobs(process: InThisProcess, **more: Any) -> Replays:
    return Replays(lambda on_end: cast(WorkerProcess, process), **more)


async def ended(job: Job) -> Job:
    while job.state is State.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return job


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30.0))


def told(result: ReplayResult | None) -> tuple[int, int, list[int], list[int], dict[str, list[int]]]:
    assert result is not None
    totals = result.totals
    return totals.visits, result.changed, totals.granted, totals.denied, totals.people


EXPECTED = 3, 1, [2, 1], [1, 2], {"Ada": [2, 1]}


def test_a_real_process_decides_again_what_was_recorded_and_ends(tmp_path: Path) -> None:
    record(tmp_path)
    niceness = os.nice(0) if hasattr(os, "nice") else 0

    async def test() -> None:
        job = await ended(Replays().start(order(tmp_path)))
        assert (job.state, job.problem) == (State.DONE, None)
        assert told(job.result) == EXPECTED
        assert job.progress == Progress(99, 99, 99, True)
        assert job.result is not None
        (changed,) = job.result.listed
        assert changed.before is not None and changed.before.name == "Ada"
        assert job.result.rules == (("threshold", ("0.3",), "0.2"),)

    run(test)
    assert not hasattr(os, "nice") or os.nice(0) == niceness


def test_one_at_a_time(tmp_path: Path, process: InThisProcess) -> None:
    record(tmp_path)

    async def test() -> None:
        service = jobs(process)
        job = service.start(order(tmp_path))
        with pytest.raises(ReplayBusyError):
            service.start(order(tmp_path))
        assert service.job is await ended(job)
        again = service.start(order(tmp_path, terminals={"elsewhere"}))
        assert told((await ended(again)).result) == (0, 0, [0, 0], [0, 0], {})

    run(test)


def test_it_can_be_stopped_and_its_process_ends(tmp_path: Path, process: InThisProcess) -> None:
    record(tmp_path)
    process.hangs = True

    async def test() -> None:
        service = jobs(process)
        job = service.start(order(tmp_path))
        for _ in range(50):
            await asyncio.sleep(0.001)
        await service.stop()
        assert job.state is State.STOPPED and job.result is None and process.killed
        await service.stop()

    run(test)


def test_out_of_time_it_tells_of_what_it_came_to(
    tmp_path: Path, process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path)
    monkeypatch.setattr(replays, "STRETCH_SECONDS", 0.0)
    seconds = iter([0.0, *[1.0] * 150, *[replays.MOST_SECONDS] * 10])

    async def test() -> None:
        job = await ended(jobs(process, clock=lambda: next(seconds)).start(order(tmp_path)))
        assert job.state is State.STOPPED and not job.progress.done
        assert told(job.result)[0] in (1, 2) and job.progress.decided < 99

    run(test)


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        (lambda process, folder: setattr(process, "gone", True), "Its process has ended"),
        (lambda process, folder: folder.joinpath("2026-01-01").symlink_to(folder), None),
    ],
)
def test_what_fails_is_told(
    tmp_path: Path, process: InThisProcess, breaks: Callable[[InThisProcess, Path], None], why: str | None
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    record(folder)
    breaks(process, folder)

    async def test() -> None:
        job = await ended(jobs(process).start(order(folder)))
        assert job.state is (State.DONE if why is None else State.FAILED)
        assert (job.problem or "").startswith(why or "")
        if job.result is not None:
            assert any("not a regular file" in problem for problem in job.result.problems)

    run(test)


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("server.tuning.replay_task.choose", fails)

    async def test() -> None:
        job = await ended(jobs(process).start(order(tmp_path)))
        assert job.state is State.FAILED and "Permission denied" in str(job.problem)

    run(test)


def test_of_many_changes_the_latest_are_listed(
    tmp_path: Path, process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_task, "LISTED", 1)
    record(tmp_path)

    async def test() -> None:
        job = await ended(jobs(process).start(order(tmp_path, rules=replace(RULES, threshold=0.05))))
        assert job.result is not None
        assert job.result.changed == 2 and len(job.result.listed) <= 2
        moments = [each.moment for each in job.result.listed]
        assert moments == sorted(moments, reverse=True)

    run(test)
