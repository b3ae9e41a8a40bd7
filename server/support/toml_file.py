"""TOML files that somebody wrote by hand: read within bounds, and refused in words."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

from server.support import osdep

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FILE_BYTES = 1_000_000
"""Largest file that is read: room for thousands of people or terminals."""
MAX_DOTS = 50
"""Most dots in one line: the TOML parser's memory grows with the square of a dotted key's parts."""


class TomlError(Exception):
    """This is no TOML document, or none that is read; the message says why, and often in which line."""


def read(path: Path) -> bytes:
    """The content of a regular file of at most `MAX_FILE_BYTES`; a FIFO in its place does not block.

    Raises FileNotFoundError, TomlError.
    """
    try:
        with open(path, "rb", opener=osdep.not_waiting_opener) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TomlError("not a regular file")
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TomlError((error.strerror or type(error).__name__).lower()) from None
    if len(data) > MAX_FILE_BYTES:
        raise TomlError(f"the file has more than {MAX_FILE_BYTES} bytes")
    return data


def document(data: bytes) -> dict[str, Any]:
    """What a file's content says. Raises TomlError."""
    try:
        text = data.decode("utf-8-sig")  # Windows editors put a mark at the start
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TomlError(f"line {line} is not UTF-8 text; save the file as UTF-8") from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.count(".") > MAX_DOTS and not line_text.lstrip().startswith("#"):
            raise TomlError(f"line {number} has more than {MAX_DOTS} dots; write it as several lines")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("not valid TOML: brackets too deep in one another") from None
    except ValueError as error:  # TOMLDecodeError is one, and so are numbers with too many digits
        hint = "; a name with spaces stands in quotes" if "declaration" in str(error) else ""
        raise TomlError(f"not valid TOML: {error}{hint}") from None
