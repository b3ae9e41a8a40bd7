"""One log line: bare words and quoted strings, so that no value can break a line or forge one."""

import json
import re
from datetime import datetime

FIELD = r'(?:"(?:[^"\\]|\\.)*"|[^\s"]+)'
"""Regular expression of one value: a bare word, or a string quoted as in JSON."""

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]*")


def quoted(text: str) -> str:
    """A JSON string whose every invisible character is escaped; letters of any script stay readable."""
    return "".join(_visible(char) for char in json.dumps(text, ensure_ascii=False))


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def word(text: str) -> str:
    """The text bare where it is one plain word, else quoted."""
    return text if _BARE.fullmatch(text) else quoted(text)


def timestamp(moment: datetime) -> str:
    """RFC 3339 with milliseconds and offset."""
    return moment.isoformat(timespec="milliseconds")


def pairs(values: dict[str, str | float | int | None]) -> str:
    """`key=value` pairs; absent values are left out, fractions have three decimals."""
    return " ".join(f"{key}={_value(value)}" for key, value in values.items() if value is not None)


def _value(value: str | float | int | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else word(str(value))
