"""The logs behind their writers: lines keep their order, and the event loop learns of every failure."""

import asyncio
import errno
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any, cast

import pytest

from server.access.decision import Decision
from server.audit import trail as module
from server.audit.access_log import AccessEntry, parse
from server.audit.operator_log import Act, ActKind
from server.audit.operator_log import parse as parse_act
from server.audit.trail import AuditTrail
from server.support import osdep
from tests.support.service import Noticed
from wire import Verdict
from wire.reasons import Reason


def entry(number: int) -> AccessEntry:
    decision = Decision(f"d{number}", Verdict.DENIED, None, Reason.UNKNOWN_FACE, 0.7, None, 0.45, 5)
    return AccessEntry(datetime.now(timezone.utc), "front", decision, 1)


class Disk:
    """Flushes logs when it is let to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.free = threading.Event()
        self.flushes = 0
        self.fails = False
        self.durable = b""

    def flush(self, file: IO[bytes]) -> None:
        if not str(file.name).endswith(".txt"):
            return
        self.begun.set()
        assert self.free.wait(10)
        self.flushes += 1
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        self.durable = Path(file.name).read_bytes()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(osdep, "flush_to_disk", disk.flush)
    yield disk
    disk.free.set()


def with_trail(folder: Path, test: Callable[[AuditTrail], Awaitable[None]]) -> list[str | None]:
    """Run the test with a trail; returns the ids in the access log when the trail is closed."""

    async def run() -> None:
        trail = AuditTrail(folder)
        await test(trail)
        trail.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    return ids(folder)


def ids(folder: Path) -> list[str | None]:
    lines = (folder / "access_log.txt").read_text("utf-8").splitlines()
    return [parse(line)["id"] for line in lines]


async def recording(trail: AuditTrail, *numbers: int) -> list["asyncio.Task[str]"]:
    """Tasks that record, each waiting for the disk."""
    tasks = [asyncio.ensure_future(trail.record(entry(number))) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def busy(trail: AuditTrail, disk: Disk) -> "asyncio.Task[str]":
    """Keep the disk busy with line 0; what is recorded from now on waits for it."""
    disk.begun.clear()
    (first,) = await recording(trail, 0)
    assert await asyncio.to_thread(disk.begun.wait, 10)
    return first


def test_what_waits_for_the_disk_is_flushed_together_in_order(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        tasks = [await busy(trail, disk), *await recording(trail, *range(1, 51))]
        disk.free.set()
        await asyncio.gather(*tasks)

    assert with_trail(tmp_path, test) == [f"d{number}" for number in range(51)]
    assert disk.flushes == 2


def test_whoever_records_goes_on_only_when_the_own_line_is_on_disk(tmp_path: Path, disk: Disk) -> None:
    async def record(trail: AuditTrail, number: int) -> None:
        await trail.record(entry(number))
        assert f"id=d{number} ".encode() in disk.durable

    async def test(trail: AuditTrail) -> None:
        first = await busy(trail, disk)
        tasks = [asyncio.ensure_future(record(trail, number)) for number in range(1, 51)]
        await asyncio.sleep(0.02)
        assert not first.done() and not any(task.done() for task in tasks)
        disk.free.set()
        await asyncio.gather(first, *tasks)

    with_trail(tmp_path, test)


def test_a_batch_is_bounded(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_LINES", 10)

    async def test(trail: AuditTrail) -> None:
        tasks = [await busy(trail, disk), *await recording(trail, *range(1, 51))]
        disk.free.set()
        await asyncio.gather(*tasks)

    assert with_trail(tmp_path, test) == [f"d{number}" for number in range(51)]
    assert disk.flushes == 6


def test_a_failure_reaches_everybody_of_its_batch_and_nobody_else(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        disk.free.set()
        await trail.record(entry(100))
        disk.free.clear()
        tasks = [await busy(trail, disk), *await recording(trail, 1, 2, 3)]
        disk.fails = True
        disk.free.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [OSError] * 4 and trail.fails
        disk.fails = False
        await asyncio.gather(*(trail.record(entry(number)) for number in (4, 5)))
        assert not trail.fails

    assert with_trail(tmp_path, test) == ["d100", "d4", "d5"]


def test_a_caller_that_gives_up_takes_nobody_along(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        first = await busy(trail, disk)
        one, other, third = await recording(trail, 1, 2, 3)
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert other.cancelled()
        disk.free.set()
        await asyncio.gather(first, one, third)

    assert with_trail(tmp_path, test) == ["d0", "d1", "d2", "d3"]


def test_a_caller_that_gives_up_need_not_hear_of_the_failure(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        first = await busy(trail, disk)
        first.cancel()
        disk.fails = True
        disk.free.set()

    assert with_trail(tmp_path, test) == []


def test_an_entry_that_makes_no_line_costs_no_other(tmp_path: Path, disk: Disk) -> None:
    class Odd:
        def line(self) -> str:
            raise ValueError("odd")

    async def test(trail: AuditTrail) -> None:
        tasks = [await busy(trail, disk), *await recording(trail, 1)]
        with pytest.raises(ValueError, match="odd"):
            await trail.record(cast(AccessEntry, Odd()))
        tasks += await recording(trail, 2)
        disk.free.set()
        await asyncio.gather(*tasks)

    assert with_trail(tmp_path, test) == ["d0", "d1", "d2"]


def test_a_defect_in_writing_is_told_to_everybody_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def test(trail: AuditTrail) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(trail._access, "append", fail)
            outcomes = await asyncio.gather(*await recording(trail, 1, 2, 3), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 3
        await trail.record(entry(4))

    assert with_trail(tmp_path, test) == ["d4"]


def test_closing_writes_what_still_waits(tmp_path: Path, disk: Disk) -> None:
    async def test() -> None:
        trail = AuditTrail(tmp_path)
        tasks = [await busy(trail, disk), *await recording(trail, 1, 2, 3)]
        threading.Timer(0.05, disk.free.set).start()
        trail.close()
        assert ids(tmp_path) == ["d0", "d1", "d2", "d3"]
        await asyncio.gather(*tasks)

    asyncio.run(test())


def test_receipts_and_decisions_do_not_disturb_each_other(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        tasks: list[asyncio.Future[Any]] = [await busy(trail, disk)]
        for number in range(1, 7):
            tasks += await recording(trail, number)
            tasks.append(asyncio.ensure_future(trail.record_receipts(["ACCEPTED a.jpg"] * 2)))
        disk.free.set()
        await asyncio.gather(*tasks)

    assert with_trail(tmp_path, test) == [f"d{number}" for number in range(7)]
    assert (tmp_path / "enrolment_log.txt").read_bytes().count(b"ACCEPTED a.jpg\n") == 12
    assert disk.flushes == 2 + 6


def test_lines_keep_the_order_in_which_they_were_recorded(tmp_path: Path) -> None:
    async def test() -> None:
        trail = AuditTrail(tmp_path)
        await asyncio.gather(*(trail.record(entry(number)) for number in range(20)))
        trail.close()

    asyncio.run(test())
    lines = (tmp_path / "access_log.txt").read_text("utf-8").splitlines()
    assert [parse(line)["id"] for line in lines] == [f"d{number}" for number in range(20)]


def test_receipts_go_to_a_log_of_their_own(tmp_path: Path) -> None:
    async def test() -> None:
        trail = AuditTrail(tmp_path)
        await trail.record_receipts(["first", "sécond"])
        trail.close()

    asyncio.run(test())
    assert (tmp_path / "enrolment_log.txt").read_text("utf-8").splitlines() == ["first", "sécond"]
    assert (tmp_path / "access_log.txt").read_bytes() == b""


def act(number: int) -> Act:
    return Act(datetime(2026, 11, 22, 8, 0, number, tzinfo=timezone.utc), "account:jane", ActKind.SIGN_IN)


def acts(folder: Path) -> list[Act]:
    return [parse_act(line) for line in (folder / "operator_log.txt").read_text("utf-8").splitlines()]


def test_acts_go_to_a_log_of_their_own_and_are_on_disk_before_anything_goes_on(
    tmp_path: Path, disk: Disk
) -> None:
    async def test(trail: AuditTrail) -> None:
        recording = [asyncio.ensure_future(trail.record_act(act(number))) for number in range(9)]
        await asyncio.to_thread(disk.begun.wait, 10)
        await asyncio.sleep(0.01)
        assert not any(each.done() for each in recording)
        disk.free.set()
        await asyncio.gather(*recording)

    assert with_trail(tmp_path, test) == []
    assert acts(tmp_path) == [act(number) for number in range(9)]


def test_a_door_does_not_wait_for_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()

    def flush(file: IO[bytes]) -> None:
        assert "operator" not in str(file.name) or free.wait(10)

    async def test(trail: AuditTrail) -> None:
        noting = [asyncio.ensure_future(trail.record_act(act(number))) for number in range(9)]
        await trail.record(entry(1))
        assert not any(each.done() for each in noting)
        free.set()
        await asyncio.gather(*noting)

    monkeypatch.setattr(osdep, "flush_to_disk", flush)
    assert with_trail(tmp_path, test) == ["d1"]


def test_an_act_is_written_though_whoever_acts_gives_up(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        recording = asyncio.ensure_future(trail.record_act(act(1)))
        await asyncio.to_thread(disk.begun.wait, 10)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        assert recording.cancelled()
        disk.free.set()

    with_trail(tmp_path, test)
    assert acts(tmp_path) == [act(1)]


def test_whoever_acts_hears_that_the_disk_failed(tmp_path: Path, disk: Disk) -> None:
    async def test(trail: AuditTrail) -> None:
        disk.free.set()
        disk.fails = True
        with pytest.raises(OSError, match="Input/output error"):
            await trail.record_act(act(1))
        disk.fails = False
        await trail.record_act(act(2))

    with_trail(tmp_path, test)
    assert acts(tmp_path) == [act(2)]


def test_whoever_records_hears_that_the_disk_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def test() -> None:
        trail = AuditTrail(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(osdep, "flush_to_disk", fail)
            with pytest.raises(OSError, match="Input/output error"):
                await trail.record(entry(1))
        await trail.record(entry(2))
        trail.close()

    asyncio.run(test())
    assert parse((tmp_path / "access_log.txt").read_text("utf-8"))["id"] == "d2"


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_bytes(b"")
    with pytest.raises(OSError, match="logs"):
        AuditTrail(tmp_path / "logs")


def test_a_log_that_was_cut_is_noticed_at_the_next_line(tmp_path: Path) -> None:
    async def write(*numbers: int) -> None:
        trail = AuditTrail(tmp_path, lambda: noticed)
        for number in numbers:
            await trail.record(entry(number))
        trail.close()

    noticed = Noticed()
    asyncio.run(write(1, 2, 3))
    asyncio.run(write(4))
    assert noticed.events == []
    path = tmp_path / "access_log.txt"
    path.write_bytes(path.read_bytes().rsplit(b"\n", 2)[0] + b"\n")
    asyncio.run(write(5))
    told = {"file": "access_log.txt", "ends_with": 3, "written": 4}
    assert noticed.events == [("log_altered", None, None, told)]
