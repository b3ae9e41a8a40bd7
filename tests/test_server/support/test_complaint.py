"""What goes wrong again and again is told once."""

import logging

import pytest

from server.support.complaint import Complaint

log = logging.getLogger(__name__)


def test_it_is_told_once_until_it_has_gone_right(caplog: pytest.LogCaptureFixture) -> None:
    complaint = Complaint(log)
    for number in (1, 2, 3):
        complaint.tell("failure %d of %s", number, "many")
    complaint.mended()
    complaint.mended()
    complaint.tell("failure %d", 4)
    assert [record.getMessage() for record in caplog.records] == ["failure 1 of many", "failure 4"]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_each_has_its_own_level_and_memory(caplog: pytest.LogCaptureFixture) -> None:
    Complaint(log, logging.WARNING).tell("one")
    Complaint(log, logging.WARNING).tell("one")
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
