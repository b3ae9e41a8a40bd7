"""Enrolment with real photos, and what the console hears of it."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import cast

import pytest

from server import settings as settings_module
from server.access.seen import PhotoOutcome
from server.audit.trail import AuditTrail
from server.gallery.admission import Pair
from server.gallery.enrolment import ReceiptDesk, load, make_watcher, open_cache
from server.gallery.receipts import LookAlike, Receipt, Status
from server.vision.models import Models
from server.vision.photo import judge_photo
from tests.support.photos import jpeg


def test_one_face_under_two_names_is_held_until_it_is_confirmed(tmp_path: Path, models: Models) -> None:
    settings = settings_module.load({"faces": tmp_path / "faces", "logs": tmp_path / "logs"}, {}, None)
    settings.faces.mkdir()
    heard: list[Receipt] = []
    confirmed: frozenset[Pair] = frozenset()

    async def embed(data: bytes) -> PhotoOutcome:
        return judge_photo(models, data)

    async def sink(receipts: Sequence[Receipt]) -> None:
        heard.extend(receipts)

    async def test() -> None:
        nonlocal confirmed
        cache = open_cache(settings)
        watcher = make_watcher(settings, cache, embed, sink, lambda: confirmed)
        (settings.faces / "barack_obama.jpg").write_bytes(jpeg("obama"))
        (settings.faces / "joe_biden.jpg").write_bytes(jpeg("biden"))
        await load(watcher, settings)
        assert [receipt.status for receipt in heard] == [Status.ACCEPTED] * 2
        assert heard[0].detail.startswith("1 photo of Barack Obama: at the present threshold about ")
        (settings.faces / "another_man.jpg").write_bytes(jpeg("obama2"))
        await watcher._refresh(settled=False)
        assert (heard[-1].status, heard[-1].reason) == (Status.HELD, "needs_confirmation")
        assert heard[-1].look_alike is not None and heard[-1].look_alike.name == "Barack Obama"
        assert list(watcher.gallery.people) == ["Barack Obama", "Joe Biden"]
        confirmed = frozenset([frozenset(["Barack Obama", "Another Man"])])
        await watcher._refresh(settled=False)
        assert heard[-1].status is Status.ACCEPTED
        assert list(watcher.gallery.people) == ["Another Man", "Barack Obama", "Joe Biden"]
        cache.close()

    asyncio.run(test())


class _Audit:
    """Takes receipts, or has no space for them."""

    def __init__(self, full: bool = False) -> None:
        self.full = full
        self.kept: list[Receipt] = []

    async def record_receipts(self, receipts: Sequence[Receipt]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept += receipts


def receipt(status: Status, look_alike: LookAlike | None = None, cached: bool = False) -> Receipt:
    return Receipt(PurePath("ada.jpg"), "Ada", status, "reason", "", look_alike, cached)


@pytest.mark.parametrize(
    ("said", "level"),
    [
        (receipt(Status.ACCEPTED), logging.INFO),
        (receipt(Status.REMOVED), logging.INFO),
        (receipt(Status.REJECTED), logging.WARNING),
        (receipt(Status.HELD), logging.WARNING),
        (receipt(Status.HELD, cached=True), logging.WARNING),
        (receipt(Status.ACCEPTED, LookAlike("Bob", 0.3)), logging.WARNING),
        (receipt(Status.ACCEPTED, cached=True), None),
    ],
)
def test_what_needs_somebody_is_a_warning(
    said: Receipt, level: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    audit = _Audit()
    asyncio.run(ReceiptDesk(cast(AuditTrail, audit)).take([said]))
    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])
    assert audit.kept == ([] if said.cached else [said])


def test_a_receipt_that_cannot_be_logged_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(ReceiptDesk(cast(AuditTrail, _Audit(full=True))).take([receipt(Status.ACCEPTED)]))
    assert "ENROLMENT LOG NOT WRITTEN" in caplog.text
