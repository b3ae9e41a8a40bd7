"""What happens as syslog messages (RFC 5424), each with the line of a log as its text. Pure.

No library is used: those that make such messages have had no release for years, or are handlers of `logging`
that connect, block and drop as they like.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

FACILITY = 10
"""Security and authorisation messages that not everybody may read (authpriv)."""
APP_NAME = "doorward"
DATA = "doorward@32473"
"""Name of the structured data. The number is the one that RFC 5612 keeps for examples: we have none."""
NOTHING = "-"
BOM = b"\xef\xbb\xbf"
"""Before a text that is UTF-8 and not ASCII."""
HOST_CHARS = 255
VALUE_CHARS = 200
"""Of structured data: the text has all of it."""


class Severity(IntEnum):
    """How much it matters."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


class Sender(NamedTuple):
    """Who sends. `host`: the name of this machine; `process`: its number."""

    host: str
    process: int


def message(
    sender: Sender, severity: Severity, moment: datetime, log: str, data: Mapping[str, str | None], line: str
) -> bytes:
    """`log`: which of the logs the line is of, a word. `data`: keys are words; None is left out."""
    priority, stamp = FACILITY * 8 + severity, moment.isoformat(timespec="milliseconds")
    source = f"{_word(sender.host, HOST_CHARS)} {APP_NAME} {sender.process}"
    head = f"<{priority}>1 {stamp} {source} {log} {_structured(data)} "
    text = line.encode("utf-8", "backslashreplace")
    return head.encode() + (text if line.isascii() else BOM + text)


def framed(message: bytes) -> bytes:
    """For a stream: its length before it (RFC 5425, 4.3)."""
    return b"%d %s" % (len(message), message)


def _word(text: str, most: int) -> str:
    """Visible ASCII, of which alone the header may be."""
    return "".join(char for char in text if "!" <= char <= "~")[:most] or NOTHING


def _structured(data: Mapping[str, str | None]) -> str:
    values = " ".join(f'{key}="{_escaped(value)}"' for key, value in data.items() if value is not None)
    return f"[{DATA} {values}]" if values else NOTHING


def _escaped(value: str) -> str:
    visible = "".join(char if char.isprintable() else "?" for char in value[:VALUE_CHARS])
    return visible.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
