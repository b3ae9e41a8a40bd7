"""Both logs behind one writer: lines keep their order, and the event loop learns of every failure."""

import asyncio
import errno
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import Any

import pytest

from server import osdep
from server.access.decision import Decision, Reason
from server.audit.access_log import AccessEntry, parse
from server.audit.trail import AuditTrail
from server.gallery.receipts import Receipt, Status
from wire import Verdict


def entry(number: int) -> AccessEntry:
    decision = Decision(f"d{number}", Verdict.DENIED, None, Reason.UNKNOWN_FACE, 0.7, None, 0.45, 5)
    return AccessEntry(datetime.now(timezone.utc), "front", decision, 1)


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
        await trail.record_receipts(
            [Receipt(PurePath(name), "Ada", Status.ACCEPTED, "ok", "") for name in ("a.jpg", "b.jpg")]
        )
        trail.close()

    asyncio.run(test())
    first, second = (tmp_path / "enrolment_log.txt").read_text("utf-8").splitlines()
    assert ' ACCEPTED "a.jpg" "Ada" ' in first and ' ACCEPTED "b.jpg" "Ada" ' in second
    assert (tmp_path / "access_log.txt").read_bytes() == b""


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
