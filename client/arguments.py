"""What flags of the command line take, from text to a value. All raise argparse.ArgumentTypeError."""

import argparse
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from client.connection.pins import read_pin
from wire import terminal_name


def address(text: str) -> tuple[str, int]:
    """Host and port."""
    match = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^\[\]:]+)):(\d{1,5})", text)
    if not match or not 1 <= int(match[3]) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, for example localhost:5000")
    host = match[1] or match[2]
    try:
        host.encode("idna")
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{host!r} cannot be a host name") from None
    return host, int(match[3])


def source(text: str) -> str:
    """Where pictures come from, as `open_source` takes it."""
    if not text or "\0" in text or text == "sim:":
        raise argparse.ArgumentTypeError("it names nothing")
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read


def real(low: float, high: float) -> Callable[[str], float]:
    """Reads a number from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}")
        return value

    return read


def terminal(text: str) -> str:
    """A terminal's name."""
    try:
        return terminal_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def pin(text: str) -> str:
    """The fingerprint of a server's key."""
    try:
        return read_pin(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def command(text: str) -> tuple[str, ...]:
    """A command that is there, and its arguments."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise argparse.ArgumentTypeError(f"{words[0] if words else text!r}: command not found")
    return words


def writable(text: str) -> Path:
    """A file that can be written, or a folder that files can be written into."""
    path = Path(text)
    folder = path if path.is_dir() or text.endswith(os.sep) else path.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise argparse.ArgumentTypeError(f"{folder} is not a folder that can be written to")
    return path
