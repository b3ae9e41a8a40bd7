"""Days and times as an operator types them."""

from datetime import datetime, timedelta


def first_moment(text: str) -> datetime:
    """From "2026-11-22" or "2026-11-22T08:00", the wall clock; for a flag. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone().replace(tzinfo=None)


def last_moment(text: str) -> datetime:
    """The same for the end of a span: a day counts as a whole. Raises ValueError."""
    found = first_moment(text)
    return found + timedelta(days=1) if len(text) == len("2026-11-22") else found
