"""The lines of the enrolment log."""

import os
import re
from datetime import datetime, timezone
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.enrolment_log import enrolment_line
from server.audit.line import FIELD
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
