"""Logs and what rotations have made of them, read back."""

import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

LINE_BYTES = 1 << 20
"""What is longer is no line, and is not read into memory as one."""
BROKEN = (OSError, EOFError, zlib.error)
"""What reading a file may raise; gzip.BadGzipFile is an OSError."""
GZIP = b"\x1f\x8b"


def rotations_of(folder: Path, names: str | tuple[str, ...]) -> list[Path]:
    """The files in the folder whose names begin so, in no order. Raises OSError."""
    return [path for path in folder.iterdir() if path.name.startswith(names) and path.is_file()]


def raw_lines(path: Path) -> Iterator[bytes]:
    """Each line with its end, of a file that gzip may have compressed. Raises `BROKEN`."""
    with _opened(path) as file:
        yield from iter(partial(file.readline, LINE_BYTES), b"")


def why(error: BaseException) -> str:
    """What a reader says of `BROKEN`."""
    return " ".join(str(error).split()) or type(error).__name__


def _opened(path: Path) -> BinaryIO:
    """Raises OSError."""
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP
    return cast(BinaryIO, gzip.open(path, "rb") if packed else open(path, "rb"))
