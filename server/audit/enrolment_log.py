"""The lines of logs/enrolment_log.txt."""

from datetime import datetime

from server.audit.line import pairs, quoted, timestamp
from server.gallery.receipts import Receipt


def enrolment_line(moment: datetime, receipt: Receipt) -> str:
    """One receipt as a log line, without its line end."""
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
