"""One log line: bare words and quoted strings, so that no value can break a line or forge one."""

import json
import re
from datetime import datetime

from server.support.quoting import quoted

__all__ = ["FIELD", "pairs", "quoted", "timestamp", "unquoted", "word"]

FIELD = r'(?:"(?:[^"\\]|\\.)*"|[^\s"]+)'
"""Regular expression of one value: a bare word, or a string quoted as in JSON."""

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]*")


def word(text: str) -> str:
    """The text bare where it is one plain word, else quoted."""
    return text if _BARE.fullmatch(text) else quoted(text)


def unquoted(value: str) -> str:
    """The text that `word` or `quoted` has made this of. Raises ValueError."""
    return str(json.loads(value)) if value.startswith('"') else value


def timestamp(moment: datetime) -> str:
    """RFC 3339 with milliseconds and offset."""
    return moment.isoformat(timespec="milliseconds")


def pairs(values: dict[str, str | float | int | None]) -> str:
    """`key=value` pairs; absent values are left out, fractions have three decimals."""
    return " ".join(f"{key}={_value(value)}" for key, value in values.items() if value is not None)


def _value(value: str | float | int | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else word(str(value))
