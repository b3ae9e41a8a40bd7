"""Whether the server can do what it is there for."""

import asyncio
import shutil
from pathlib import Path

import pytest

from server.vitals.condition import ROOM, STUCK_SECONDS, Condition
from server.workers.pool import WorkerCounts


class Parts:
    """A server's parts, as they were set, and the time."""

    def __init__(self, logs: Path) -> None:
        self.alive = 2
        self.log_fails = False
        self.now = 0.0
        self.condition = Condition(
            workers=lambda: WorkerCounts(2, self.alive, 0, 0, ()),
            log_fails=lambda: self.log_fails,
            logs=logs,
            clock=lambda: self.now,
            sleep=self._stop,
        )

    async def _stop(self, seconds: float) -> None:
        raise asyncio.CancelledError

    def look(self) -> list[str]:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.condition.watch())
        return self.condition.faults()


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


def test_a_server_whose_parts_work_has_no_fault(parts: Parts) -> None:
    assert parts.condition.faults() == parts.look() == []


def test_without_workers_it_cannot_serve(parts: Parts) -> None:
    parts.alive = 0
    assert parts.look() == ["no worker process is there"]


def test_without_a_log_it_cannot_serve(parts: Parts) -> None:
    parts.log_fails = True
    assert parts.look() == ["the access log cannot be written"]


@pytest.mark.parametrize(("free", "full"), [(ROOM - 1, True), (ROOM, False)])
def test_a_full_disk_is_seen_before_somebody_comes(
    parts: Parts, free: int, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage("/"))(ROOM * 10, 0, free)
    monkeypatch.setattr("server.vitals.condition.shutil.disk_usage", lambda _: usage)
    assert parts.look() == (["the disk of the access log is full"] if full else [])


def test_a_folder_that_is_gone_is_not_a_full_disk(tmp_path: Path) -> None:
    assert Parts(tmp_path / "gone").look() == []


def test_a_disk_that_hangs_is_seen(parts: Parts) -> None:
    parts.look()
    parts.now = STUCK_SECONDS
    assert parts.condition.faults() == []
    parts.now += 1
    assert parts.condition.faults() == ["the disk of the access log does not answer"]
    assert parts.look() == [], "it answers again"
