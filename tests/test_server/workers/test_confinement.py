"""What a worker that was taken over by a picture can reach: nothing. Tried in real ones."""

import asyncio
import ctypes
import logging
import mmap
import os
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server.access.matching.recogniser import RecogniserName
from server.access.seen import (
    Analysis,
    Hints,
    LandmarkModel,
    PhotoAccepted,
    PhotoOutcome,
    PreparedPhoto,
    Still,
)
from server.workers import confinement
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError, ModelSettings
from server.workers.confinement import ConfinementError, confine
from server.workers.pool import WorkerPool
from tests.support.photos import MODEL_CACHE, jpeg, photo

HINTS = Hints(min_face=80, max_faces=4, max_pixels=10_000_000)
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seccomp")

PTRACE_ATTACH = 16


def trace_its_parent() -> None:
    if ctypes.CDLL(None, use_errno=True).ptrace(PTRACE_ATTACH, os.getppid(), 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path("/etc/passwd").read_bytes(),
    "write a file": lambda: Path("/tmp/taken-over").write_bytes(b""),
    "list a folder": lambda: os.listdir("/"),
    "look at a file": lambda: os.stat("/etc/passwd"),
    "remove a file": lambda: os.unlink("/tmp/taken-over"),
    "reach the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "send a datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "talk to the machine's own services": lambda: socket.socket(socket.AF_UNIX),
    "make a process": os.fork,
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "let its parent go last": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
    "let all of its user go last": lambda: os.setpriority(os.PRIO_USER, 0, 19),
    "have its parent wait": lambda: os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0)),
    "look into its parent": trace_its_parent,
    "make memory executable": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "take more memory than it needs": lambda: bytearray(3 << 30),
}


BESIDE = ThreadPoolExecutor(1)
"""In a worker: a thread from before it gave anything up."""


def what_comes_of(name: str) -> tuple[str, str]:
    """In the main thread, and in one that was there before."""
    return attempt(name), BESIDE.submit(attempt, name).result()


def attempt(name: str) -> str:
    try:
        ATTEMPTS[name]()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"


def start(settings: ModelSettings) -> list[worker.LogMessage]:
    """As a worker does, once it has this module: it cannot read it afterwards."""
    BESIDE.submit(print, end="").result()
    return worker.start(settings)


def with_pool(work: Callable[[WorkerPool], Any], **settings: Any) -> Any:
    async def run() -> Any:
        pool = WorkerPool(0, ModelSettings(MODEL_CACHE, MODEL_CACHE, liveness=True, **settings), load=start)
        await pool.start()
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


@linux
def test_it_reaches_nothing_from_any_thread() -> None:
    async def work(pool: WorkerPool) -> dict[str, tuple[str, str]]:
        return {name: await pool.run(what_comes_of, name) for name in ATTEMPTS}

    denied = dict.fromkeys(ATTEMPTS, ("PermissionError",) * 2)
    denied["take more memory than it needs"] = ("MemoryError",) * 2
    assert with_pool(work) == denied


def heic(name: str) -> bytes:
    heif = pytest.importorskip("pillow_heif")
    file = BytesIO()
    heif.from_pillow(Image.open(photo(name))).save(file, quality=90)
    return file.getvalue()


def as_format(name: str, kind: str) -> bytes:
    file = BytesIO()
    Image.open(photo(name)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "settings",
    [{}, {"recogniser": "dlib"}, {"landmarks": LandmarkModel.DLIB68}],
    ids=["as shipped", "dlib", "dlib68"],
)
def test_all_that_it_is_for_it_still_does(settings: dict[str, RecogniserName | LandmarkModel]) -> None:
    async def work(pool: WorkerPool) -> None:
        analysis: Analysis = await pool.analyse(jpeg("obama"), HINTS)
        assert analysis.faces[0].embedding is not None
        judged: PhotoOutcome = await pool.analyse_photo(jpeg("obama"))
        assert isinstance(judged, PhotoAccepted)
        for data in (jpeg("obama"), as_format("obama", "PNG"), as_format("obama", "WEBP"), heic("obama")):
            prepared: PreparedPhoto = await pool.run_beside(worker.prepare_photo, data)
            assert isinstance(prepared.outcome, PhotoAccepted)
        assert await pool.run_beside(worker.thumbnail, jpeg("obama"), 64)
        assert await pool.run_beside(worker.embedded_by) in ("onnxruntime", "dlib")
        still: Still = await pool.run_beside(
            worker.analyse_still, jpeg("obama"), mirrored=True, landmarks=True, preview=True
        )
        assert still.faces[0].landmarks is not None and still.preview

    with_pool(work, **settings)


class Unpickled:
    """As a pickle would have it: a call in the one who reads it."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["DOORWARD_TAKEN_OVER"],)


def forge_an_answer() -> object:
    return Unpickled()


def test_its_answers_run_nothing_in_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "taken-over"
    monkeypatch.setenv("DOORWARD_TAKEN_OVER", str(marker))

    async def work(pool: WorkerPool) -> None:
        with pytest.raises(Exception, match="nothing that a task answers"):
            await pool.run(forge_an_answer)

    with_pool(work)
    assert not marker.exists()


def answer_badly() -> None:
    """A worker that was taken over writes to its socket what it likes."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\0\0\0\x04junk")
        except OSError:
            continue


def test_a_worker_that_answers_what_is_none_is_ended() -> None:
    async def work(pool: WorkerPool) -> Analysis:
        before = pool.counts().pids
        with pytest.raises(AnalysisFailedError, match="a worker's answer cannot be read"):
            await pool.run(answer_badly)
        analysis = await pool.analyse(jpeg("obama"), HINTS)
        assert pool.counts().pids != before and pool.counts().replaced == 1
        return analysis

    assert with_pool(work).faces


def test_where_the_system_offers_nothing_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "_limit_memory", lambda: None)

    def missing(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(ConfinementError):
        confine()
    monkeypatch.setattr(worker, "load", lambda settings: [(logging.INFO, "loaded")])
    told = worker.start(ModelSettings(MODEL_CACHE, MODEL_CACHE))
    assert told[0] == (logging.INFO, "loaded")
    assert told[1][0] == logging.WARNING and "NOT CONFINED" in told[1][1]
