"""Memory, open files, threads and processes stay as they are over many frames, connects and photos."""

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from server.support import osdep
from tests.chaos.enrolling import enrol
from tests.support.blackbox import BlackBox
from tests.support.photos import photo
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import empty_scene, person

LOOKS = 20
"""At what the server uses, over one run."""
SETTLED = 4
"""The part of the looks after which it has what it needs: caches are full, every module is loaded."""
GROWTH_BYTES = 24 << 20
"""From then on, at most; noise is some MB."""
FILES = 4
"""Open files and threads come and go by so many."""
BATCH = 50
"""Photos that are put there together."""
VISIT = 8
"""Frames of a visit, and as many without anybody."""


class Use(NamedTuple):
    """`memory`: bytes of the server's own process, `workers`: of the others together."""

    memory: int
    workers: int
    files: int
    threads: int
    processes: int


def use_of(server: ServerProcess) -> Use:
    own, workers = Path(f"/proc/{server.pid}"), server.worker_pids()
    return Use(
        memory=osdep.memory_of(server.pid) or 0,
        workers=sum(osdep.memory_of(pid) or 0 for pid in workers),
        files=len(list((own / "fd").iterdir())),
        threads=len(list((own / "task").iterdir())),
        processes=len(workers),
    )


def frames(home: Path, count: int, looks: int = LOOKS) -> str:
    """Visits and empty scenes, one after the other."""
    enrol(home)
    film = itertools.cycle([*itertools.islice(person("obama2"), VISIT), *[empty_scene()] * VISIT])
    with running_server(home) as server, BlackBox(server.port) as terminal:
        terminal.hello("front")

        def some(number: int) -> None:
            for frame in itertools.islice(film, number):
                terminal.show(frame)

        return _flat(server, some, count, looks, "frames")


def connects(home: Path, count: int, looks: int = LOOKS) -> str:
    """Terminals that connect, are welcomed and leave; every other one says nothing at all."""
    with running_server(home) as server:

        def some(number: int) -> None:
            for at in range(number):
                with BlackBox(server.port) as terminal:
                    if at % 2 == 0:
                        assert terminal.hello("front")["type"] == "welcome"

        return _flat(server, some, count, looks, "connects")


def photos(home: Path, count: int, looks: int = LOOKS) -> str:
    """Photos that are put into the folder and taken out again."""
    enrol(home)
    with running_server(home) as server:

        def some(number: int) -> None:
            for begin in range(0, number // 2, BATCH):
                _put_and_take(server, min(BATCH, number // 2 - begin))

        return _flat(server, some, count, looks, "photo changes")


def _put_and_take(server: ServerProcess, number: int) -> None:
    before = server.receipts().count("\n")
    paths = [server.faces / f"barack_obama_{at}.jpg" for at in range(1, number + 1)]
    for path in paths:
        shutil.copy(photo("obama3"), path)
    wait_for(lambda: server.receipts().count("\n") >= before + number, 60, "the receipts")
    for path in paths:
        path.unlink()
    wait_for(lambda: server.receipts().count("\n") >= before + 2 * number, 60, "the other receipts")


def _flat(server: ServerProcess, some: Callable[[int], None], count: int, looks: int, what: str) -> str:
    """Raises AssertionError: it grows."""
    began = time.monotonic()
    uses = list(_uses(server, some, count, looks))
    uses = uses[looks // SETTLED :]
    first, last = uses[0], uses[-1]
    assert last.files <= first.files + FILES, (first, last)
    assert last.threads <= first.threads + FILES, (first, last)
    assert last.processes == first.processes, (first, last)
    assert last.memory - first.memory < GROWTH_BYTES, (first, last)
    assert last.workers - first.workers < GROWTH_BYTES * first.processes, (first, last)
    return (
        f"{count} {what} in {time.monotonic() - began:.0f} s: open files {first.files} to {last.files},"
        f" threads {first.threads} to {last.threads}, workers {first.processes} to {last.processes}; memory"
        f" {_mb(first.memory)} to {_mb(last.memory)} MB (slope over the last three quarters"
        f" {_slope(uses):+.1f} MB), of the workers {_mb(first.workers)} to {_mb(last.workers)} MB"
    )


def _uses(server: ServerProcess, some: Callable[[int], None], count: int, looks: int) -> Iterator[Use]:
    for _ in range(looks):
        some(count // looks)
        time.sleep(0.2)
        yield use_of(server)


def _slope(uses: list[Use]) -> float:
    """Of the server's own memory, by least squares: MB from the first of them to the last."""
    values = [use.memory / (1 << 20) for use in uses]
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    over = sum((at - middle) * (value - mean) for at, value in enumerate(values))
    return over / sum((at - middle) ** 2 for at in range(len(values))) * (len(values) - 1)


def _mb(size: int) -> int:
    return round(size / (1 << 20))
