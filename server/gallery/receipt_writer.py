"""Where receipts go: the console and logs/enrolment_log.txt."""

import asyncio
import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from server.audit.line import FIELD, pairs, quoted, timestamp
from server.gallery.receipts import Receipt, Status

log = logging.getLogger(__name__)

PATTERN = re.compile(
    rf"^(?P<head>\S+ [A-Z]+) (?P<path>{FIELD}) (?P<person>{FIELD})(?P<pairs>(?: [a-z_]+={FIELD})*)$"
)
"""Parses every line of the enrolment log."""
NAMED = re.compile(rf'\S+ [A-Z]+ {FIELD} (?P<name>"(?:[^"\\]|\\.)*")'.encode())
"""The beginning of a line that names somebody; `name` as it is quoted."""


class EnrolmentLog(Protocol):
    """Keeps lines for good."""

    async def record_receipts(self, lines: Sequence[str]) -> None:
        """Returns when the lines are on disk. Raises OSError: they are not."""


class ReceiptWriter:
    """Tells of receipts on the console and writes them to the enrolment log."""

    def __init__(self, enrolment_log: EnrolmentLog) -> None:
        self._enrolment_log = enrolment_log

    async def write(self, receipts: Sequence[Receipt]) -> None:
        """Photos that were accepted in an earlier run and still are need no second receipt."""
        for receipt in receipts:
            if receipt.status in (Status.HELD, Status.REJECTED) or receipt.look_alike is not None:
                log.warning("%s", receipt)
            elif not receipt.cached:
                log.info("%s", receipt)
        fresh = [receipt for receipt in receipts if not receipt.cached]
        if fresh:
            try:
                await self._enrolment_log.record_receipts(await asyncio.to_thread(_lines, fresh))
            except OSError as error:
                log.critical("ENROLMENT LOG NOT WRITTEN: %s", error)


def _lines(receipts: Sequence[Receipt]) -> list[str]:
    now = datetime.now().astimezone()
    return [enrolment_line(now, receipt) for receipt in receipts]


def enrolment_line(moment: datetime, receipt: Receipt) -> str:
    """One receipt as a line of the enrolment log, without its line end."""
    alike = receipt.look_alike
    details = pairs(
        {
            "reason": receipt.reason,
            "detail": receipt.detail or None,
            "looks_like": alike.name if alike else None,
            "distance": alike.distance if alike else None,
        }
    )
    person = "unknown" if receipt.person is None else quoted(receipt.person)
    path = quoted(receipt.path.as_posix())
    return f"{timestamp(moment)} {receipt.status.value} {path} {person} {details}"
