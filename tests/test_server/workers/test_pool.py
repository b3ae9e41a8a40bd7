"""Worker processes that die, hang or never start."""

import asyncio
import contextlib
import logging
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.access.seen import (
    Analysis,
    Face,
    Followed,
    Hints,
    PhotoAccepted,
    PhotoOutcome,
    PictureError,
    PreparedPhoto,
)
from server.support import osdep
from server.workers import leaks, patience
from server.workers import main as worker
from server.workers import pool as pool_module
from server.workers.analyser import Analyser, AnalysisFailedError, ModelSettings
from server.workers.answers import TaskError, packed
from server.workers.pool import WorkerPool, WorkersUnavailableError, _fitting
from tests.support.photos import MODEL_CACHE, jpeg
from tests.support.waiting import until
from wire import Box
from wire.framing import framed

HINTS = Hints(min_face=80, max_faces=4, max_pixels=10_000_000)


def die() -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def hang(tries: str) -> None:
    with open(tries, "a") as file:
        file.write("tried\n")
    time.sleep(3600)


def answer() -> int:
    return 42


def pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def die_once(marker: str) -> str:
    if not os.path.exists(marker):
        open(marker, "w").close()
        die()
    return "survived"


def start(settings: ModelSettings) -> list[worker.LogMessage]:
    """As a worker does, once it has this module: it cannot read it afterwards."""
    return worker.start(settings)


def with_pool(work: Callable[[WorkerPool], Awaitable[Any]], workers: int = 1, **options: Any) -> Any:
    async def run() -> Any:
        pool = WorkerPool(workers, ModelSettings(MODEL_CACHE, MODEL_CACHE), **{"load": start, **options})
        await pool.start()
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def test_a_frame_gives_a_face_with_an_embedding_and_a_photo_two() -> None:
    async def work(analyser: Analyser) -> tuple[Analysis, PhotoOutcome]:
        return await analyser.analyse(jpeg("obama"), HINTS), await analyser.analyse_photo(jpeg("obama"))

    analysis, outcome = with_pool(work)
    (face,) = analysis.faces
    assert face.embedding.shape == (128,) and face.embedding.dtype == "float32"
    assert 0 <= face.box.left < face.box.right <= analysis.width
    assert 0 <= face.box.top < face.box.bottom <= analysis.height
    assert isinstance(outcome, PhotoAccepted) and outcome.embedding.shape == outcome.mirrored.shape == (128,)


def test_an_uploaded_photo_is_prepared_and_shown_small_in_a_worker() -> None:
    async def work(pool: WorkerPool) -> tuple[PreparedPhoto, bytes]:
        prepared = await pool.run_beside(worker.prepare_photo, jpeg("obama"))
        return prepared, await pool.run_beside(worker.thumbnail, prepared.jpeg, 64)

    prepared, thumbnail = with_pool(work)
    assert isinstance(prepared.outcome, PhotoAccepted) and prepared.jpeg[:2] == thumbnail[:2] == b"\xff\xd8"


def test_an_error_of_the_task_reaches_the_caller_and_costs_no_worker() -> None:
    async def work(pool: WorkerPool) -> int:
        with pytest.raises(PictureError):
            await pool.analyse(b"not a picture", HINTS)
        return await pool.run(answer)

    assert with_pool(work) == 42


def speak_twice() -> int:
    """As what has taken a worker over: another answer before its own."""
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, framed(packed((43, None))))
    return 44


def test_a_worker_that_speaks_out_of_turn_is_ended_and_answers_nobody_elses_question() -> None:
    async def work(pool: WorkerPool) -> tuple[int, int]:
        forged = await pool.run(speak_twice)
        await until(lambda: pool.counts().replaced == 1)
        return forged, await pool.run(answer)

    assert with_pool(work, load=load_with_a_warning) == (43, 42)


def fits(width: int, index: int) -> bool:
    found = Analysis(width, 10, (Face(Box(0, 2, 2, 0), None, followed=index),))
    hints = replace(HINTS, max_pixels=100, followed=(Followed(Box(0, 2, 2, 0), b"", 1.0, False, 0.0),))
    try:
        return _fitting(found, hints) is found
    except AnalysisFailedError:
        return False


def test_an_analysis_is_of_the_frame_that_was_asked_about() -> None:
    assert fits(10, 0) and not fits(11, 0) and not fits(10, 1)
    with pytest.raises(AnalysisFailedError):
        _fitting(b"\xff\xd8", HINTS)


class Unreadable:
    """As a task whose module cannot be imported."""

    def __reduce__(self) -> Any:
        return __import__, ("there_is_no_such_module",)

    def __call__(self) -> None:
        raise AssertionError


def test_a_task_that_cannot_be_read_costs_no_worker() -> None:
    async def work(pool: WorkerPool) -> int:
        with pytest.raises(TaskError, match="there_is_no_such_module"):
            await pool.run(Unreadable())
        assert pool.counts().replaced == 0
        return await pool.run(answer)

    assert with_pool(work, load=load_with_a_warning) == 42


def load_with_a_warning(models: ModelSettings) -> list[worker.LogMessage]:
    return [(logging.WARNING, "the network had to be converted")]


def test_what_workers_say_of_their_start_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    assert with_pool(lambda pool: pool.run(answer), workers=2, load=load_with_a_warning) == 42
    assert [record.getMessage() for record in caplog.records] == ["the network had to be converted"]


def test_a_worker_tells_of_networks_that_fall_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    said = worker.load(ModelSettings(tmp_path, tmp_path))
    assert [level for level, _ in said] == [logging.INFO] * 2
    assert sorted(" ".join(message.split()[:5]) for _, message in said) == [
        "faces are embedded by OpenCV,",
        "faces are found by OpenCV,",
    ]


def test_a_task_that_kills_two_workers_is_poison_and_the_pool_recovers() -> None:
    async def work(pool: WorkerPool) -> list[int]:
        with pytest.raises(AnalysisFailedError):
            await pool.run(die)
        return list(await asyncio.gather(*(pool.run(answer) for _ in range(4))))

    assert with_pool(work, load=load_with_a_warning) == [42] * 4


def test_a_task_whose_worker_dies_once_is_done_by_another(tmp_path: Any) -> None:
    async def work(pool: WorkerPool) -> str:
        return await pool.run(die_once, str(tmp_path / "marker"))

    assert with_pool(work, load=load_with_a_warning) == "survived"


@pytest.mark.skipif(os.name != "posix", reason="stops processes with signals")
def test_a_task_is_not_blamed_for_workers_that_died_before_it_began() -> None:
    async def work(pool: WorkerPool) -> int:
        idle = await asyncio.gather(*(pool.run(pid_after, 0.3) for _ in range(3)))
        assert len(set(idle)) == 3
        for pid in idle:
            os.kill(pid, signal.SIGSTOP)  # takes the task, and never begins it
        asked = asyncio.ensure_future(pool.run(answer))
        for pid in idle:
            await asyncio.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
        return await asked

    assert with_pool(work, workers=2) == 42


def test_a_hanging_worker_is_killed_and_its_task_not_tried_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"

    async def work(pool: WorkerPool) -> int:
        with pytest.raises(AnalysisFailedError):
            await pool.run(hang, str(tries))
        return await pool.run(answer)

    assert with_pool(work, task_seconds=6.0, load=load_with_a_warning) == 42
    assert tries.read_text() == "tried\n"


def test_a_cancelled_call_gives_its_worker_back() -> None:
    async def work(pool: WorkerPool) -> int:
        calls = [asyncio.ensure_future(pool.analyse(jpeg("obama"), HINTS)) for _ in range(2)]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return await pool.run(answer)

    assert with_pool(work) == 42


def note_beginning_and_end(path: str) -> None:
    for word in ("begun", "done"):
        with open(path, "a") as file:
            file.write(f"{word}\n")
        time.sleep(0.2)


def test_what_is_done_beside_frames_leaves_them_all_processes_but_one(tmp_path: Path) -> None:
    notes = tmp_path / "notes"

    async def work(pool: WorkerPool) -> None:
        pool.serve_frames()
        await asyncio.gather(*(pool.run_beside(note_beginning_and_end, str(notes)) for _ in range(2)))

    with_pool(work, load=load_with_a_warning)
    assert notes.read_text().split() == ["begun", "done"] * 2


def priority() -> str:
    """Of the thread that asks."""
    if os.sched_getscheduler(0) == os.SCHED_IDLE:
        return "idle"
    return str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows an order of threads")
def test_what_is_done_beside_frames_steps_back_behind_them_and_only_it() -> None:
    async def work(pool: WorkerPool) -> list[str]:
        return [await ask(priority) for ask in (pool.run, pool.run_beside, pool.run)]

    own = str(os.getpriority(os.PRIO_PROCESS, 0) + osdep.NICE)
    assert with_pool(work, workers=0, load=load_with_a_warning) == [own, "idle", own]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows an order of threads")
def test_where_no_thread_may_be_idle_it_is_as_nice_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", denied)
    assert osdep.step_back_for(priority) == str(osdep.LAST_NICE)


def test_what_is_done_beside_frames_rests_for_as_long_as_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "REST", 2.0)

    async def work(pool: WorkerPool) -> float:
        pool.serve_frames()
        loop = asyncio.get_running_loop()
        beside = asyncio.ensure_future(pool.run_beside(pid_after, 0.5))
        while not beside.done():
            await pool.analyse(jpeg("obama"), HINTS)
        first = loop.time()
        await pool.run_beside(answer)
        return loop.time() - first

    assert with_pool(work) > 0.4


def test_what_is_done_beside_frames_may_fail_as_any_task() -> None:
    async def work(pool: WorkerPool) -> int:
        with pytest.raises(PictureError):
            await pool.run_beside(worker.thumbnail, b"no picture", 64)
        return await pool.run_beside(answer)

    assert with_pool(work) == 42


def test_what_is_done_beside_frames_may_take_longer_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "BESIDE", 1000.0)

    async def slow(pool: WorkerPool) -> int:
        with pytest.raises(AnalysisFailedError):
            await pool.run(pid_after, 0.8)
        return await pool.run_beside(pid_after, 0.8)

    assert with_pool(slow, task_seconds=0.4, load=load_with_a_warning) > 0
    monkeypatch.setattr(pool_module, "BESIDE", 1.5)

    async def endless(pool: WorkerPool) -> None:
        with pytest.raises(AnalysisFailedError):
            await pool.run_beside(hang, str(tmp_path / "tries"))

    with_pool(endless, task_seconds=1.0, load=load_with_a_warning)


def hang_over_a_frame(jpeg: bytes, hints: Hints) -> Analysis:
    time.sleep(3600)
    raise AssertionError


def test_a_frame_behind_others_keeps_the_spare_process_for_so_long_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "BESIDE", 2.0)
    monkeypatch.setattr(patience, "FRAME_SECONDS", 0.3)
    monkeypatch.setattr(worker, "analyse", hang_over_a_frame)

    async def work(pool: WorkerPool) -> int:
        with pytest.raises(AnalysisFailedError, match="it took too long"):
            await asyncio.wait_for(pool.analyse_beside(jpeg("obama"), HINTS), 12.0)
        return await pool.run_beside(answer)

    assert with_pool(work, workers=0, load=load_with_a_warning) == 42


def broken_load(models: ModelSettings) -> list[worker.LogMessage]:
    raise RuntimeError("dlib cannot be imported; install it")


def test_a_pool_that_cannot_start_says_what_to_install() -> None:
    with pytest.raises(WorkersUnavailableError, match="dlib cannot be imported"):
        with_pool(lambda pool: pool.run(answer), load=broken_load)


def test_workers_are_counted_with_those_that_were_replaced() -> None:
    async def work(pool: WorkerPool) -> None:
        idle = pool.counts()
        assert (idle.wanted, idle.alive, idle.busy, idle.replaced) == (2, 2, 0, 0)
        assert len(idle.pids) == 2
        busy = asyncio.ensure_future(pool.run(pid_after, 0.5))
        await asyncio.sleep(0)
        assert pool.counts().busy == 1
        assert await busy in idle.pids and pool.counts().busy == 0
        with pytest.raises(AnalysisFailedError):
            await pool.run(die)
        assert (pool.counts().busy, pool.counts().replaced) == (0, 2)

    with_pool(work, load=load_with_a_warning)


@pytest.mark.skipif(os.name != "posix", reason="stops processes with signals")
def test_a_frame_that_a_stopped_worker_has_taken_is_done_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FRAME_SECONDS", 0.5)

    async def work(pool: WorkerPool) -> tuple[Analysis, float]:
        idle = await asyncio.gather(*(pool.run(pid_after, 0.3) for _ in range(2)))
        os.kill(idle[0], signal.SIGSTOP)
        os.kill(idle[1], signal.SIGSTOP)
        began = time.monotonic()
        return await pool.analyse(jpeg("obama"), HINTS), time.monotonic() - began

    analysis, seconds = with_pool(work)
    assert len(analysis.faces) == 1 and 1.0 < seconds < 60.0


@pytest.mark.skipif(os.name != "posix", reason="stops processes with signals")
def test_a_call_that_nobody_waits_for_leaves_no_worker_hanging() -> None:
    async def work(pool: WorkerPool) -> int:
        hanging = asyncio.ensure_future(pool.run(pid_after, 3600.0))
        await asyncio.sleep(0.2)
        hanging.cancel()
        await until(lambda: pool.counts().busy == 0 and pool.counts().replaced == 1)
        return await pool.run(answer)

    assert with_pool(work, workers=0, task_seconds=0.5, load=load_with_a_warning) == 42


def hanging_load(models: ModelSettings) -> list[worker.LogMessage]:
    if models.cache.with_name("hangs").exists():
        time.sleep(3600)
    return []


def test_a_worker_that_hangs_while_it_loads_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool_module, "RESTART_SECONDS", 0.1)
    hangs = tmp_path / "hangs"

    async def mended() -> int:
        pool = WorkerPool(1, ModelSettings(tmp_path / "cache", tmp_path), load=hanging_load)
        await pool.start()
        try:
            hangs.touch()
            monkeypatch.setattr(pool_module, "LOAD_SECONDS", 2.0)
            os.kill(pool.counts().pids[0], getattr(signal, "SIGKILL", signal.SIGTERM))
            await until(lambda: "had not loaded its models" in caplog.text)
            monkeypatch.setattr(pool_module, "LOAD_SECONDS", 120.0)
            hangs.unlink()
            await until(lambda: pool.counts().alive == 2)
            return await pool.run(answer)
        finally:
            await pool.close()

    assert asyncio.run(mended()) == 42


_kept: list[bytes] = []


def keep(size: int) -> int:
    _kept.append(b"x" * size)
    return os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what memory a process uses")
def test_workers_that_leak_are_replaced_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "LEAKED_BYTES", 20 << 20)
    monkeypatch.setattr(leaks, "TASKS_BETWEEN_LOOKS", 4)

    async def work(pool: WorkerPool) -> None:
        fewest = pool.processes
        while pool.counts().replaced < 2:
            await pool.run(keep, 2 << 20)
            fewest = min(fewest, pool.counts().alive)
            await asyncio.sleep(0.02)
        assert fewest == pool.processes - 1

    with_pool(work, load=load_with_a_warning)


def test_a_worker_that_has_grown_a_little_stays() -> None:
    async def work(pool: WorkerPool) -> set[int]:
        return {await pool.run(keep, 1 << 20) for _ in range(70)}

    assert len(with_pool(work, workers=0, load=load_with_a_warning)) == 1
