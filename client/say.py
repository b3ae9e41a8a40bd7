"""Messages for people, on standard error."""

import contextlib
import sys


def printable(text: str) -> str:
    """`text` with every control character replaced: what a server says must not drive a terminal emulator."""
    return "".join(char if char.isprintable() else "?" for char in text)


def say(message: str) -> None:
    """Print one line on standard error. A standard error that nobody reads any more is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(f"doorward-client: {printable(message)}", file=sys.stderr, flush=True)
