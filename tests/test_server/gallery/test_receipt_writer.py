"""What the console and the enrolment log hear of receipts."""

import asyncio
import logging
import os
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.line import FIELD
from server.gallery.receipt_writer import ReceiptWriter, enrolment_line
from server.gallery.receipts import LookAlike, Receipt, Status

MOMENT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
TIME = "2024-05-06T07:08:09.000+00:00"
ADA = PurePath("ada.jpg")


@pytest.mark.parametrize(
    ("receipt", "line"),
    [
        (Receipt(ADA, "Ada", Status.ACCEPTED, "ok", ""), 'ACCEPTED "ada.jpg" "Ada" reason=ok'),
        (
            Receipt(PurePath("ada/1.jpg"), "Ada", Status.ACCEPTED, "ok", "", LookAlike("Bob B", 0.25)),
            'ACCEPTED "ada/1.jpg" "Ada" reason=ok looks_like="Bob B" distance=0.250',
        ),
        (
            Receipt(PurePath("_.jpg"), None, Status.REJECTED, "not_a_photo", "no name"),
            'REJECTED "_.jpg" unknown reason=not_a_photo detail="no name"',
        ),
        (
            Receipt(ADA, "unknown", Status.REMOVED, "removed", "the file is gone"),
            'REMOVED "ada.jpg" "unknown" reason=removed detail="the file is gone"',
        ),
    ],
)
def test_lines(receipt: Receipt, line: str) -> None:
    assert enrolment_line(MOMENT, receipt) == f"{TIME} {line}"


texts = st.text(min_size=1) | st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs"]), min_size=1)
file_names = st.binary(min_size=1, max_size=30).map(lambda name: os.fsdecode(name.replace(b"\0", b"-")))
receipts = st.builds(
    Receipt,
    st.builds(PurePath, file_names),
    st.none() | texts,
    st.sampled_from(Status),
    texts,
    st.text(),
    st.none() | st.builds(LookAlike, texts, st.floats(0, 2)),
)


@given(receipts)
def test_any_receipt_is_one_visible_line(receipt: Receipt) -> None:
    line = enrolment_line(MOMENT, receipt)
    assert len(line.splitlines()) == 1 and line.isprintable()
    assert re.fullmatch(rf"\S+ (ACCEPTED|HELD|REJECTED|REMOVED) {FIELD} {FIELD}( [a-z_]+={FIELD})+", line)
    assert line.encode()


class Log:
    """Takes lines, or has no space for them."""

    def __init__(self, full: bool = False) -> None:
        self.full = full
        self.lines: list[str] = []

    async def record_receipts(self, lines: Sequence[str]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.lines += lines


def receipt(status: Status, look_alike: LookAlike | None = None, cached: bool = False) -> Receipt:
    return Receipt(ADA, "Ada", status, "reason", "", look_alike, cached)


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
    log = Log()
    asyncio.run(ReceiptWriter(log).write([said]))
    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])
    bare = [line.split(" ", 1)[1] for line in log.lines]
    assert bare == ([] if said.cached else [enrolment_line(MOMENT, said).split(" ", 1)[1]])


def test_a_receipt_that_cannot_be_logged_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(ReceiptWriter(Log(full=True)).write([receipt(Status.ACCEPTED)]))
    assert "ENROLMENT LOG NOT WRITTEN" in caplog.text


def test_a_warning_reads_well() -> None:
    said = Receipt(PurePath("twin.jpg"), "Twin", Status.ACCEPTED, "ok", "", LookAlike("Ada", 0.25))
    assert str(said) == (
        "accepted 'twin.jpg' (Twin); WARNING: looks like Ada (distance 0.25):"
        " neither may be recognised while both are enrolled"
    )


def test_a_receipt_without_a_person_reads_well() -> None:
    said = Receipt(PurePath("_.jpg"), None, Status.REJECTED, "not_a_photo", "no name")
    assert str(said) == "rejected '_.jpg': no name"
