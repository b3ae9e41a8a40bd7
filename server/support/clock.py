"""The wall clock as the database keeps it."""

import time
from datetime import datetime, timezone


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def moment(ms: int) -> datetime:
    """The time of such a number, in the local time zone."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone()
