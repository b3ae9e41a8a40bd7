"""The wall clock, with its time zone, and as the database keeps it."""

import time
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def now() -> datetime:
    """In the local time zone."""
    return datetime.now().astimezone()


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def moment(ms: int) -> datetime:
    """The time of such a number, in the local time zone."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone()


def milliseconds(moment: datetime) -> int:
    """Whole ones since 1970, UTC, as the logs have them. `moment`: with a time zone, or of this machine's
    clock."""
    return (moment.astimezone(timezone.utc) - _EPOCH) // timedelta(milliseconds=1)
