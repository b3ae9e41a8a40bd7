"""How the terminal ends, and the one exception that ends it on purpose."""

from enum import IntEnum


class Exit(IntEnum):
    """Process exit codes. `--help` documents them."""

    OK = 0
    CRASHED = 1
    USAGE = 2
    SOURCE = 3
    REFUSED = 4
    NO_DISPLAY = 5


class FatalError(Exception):
    """The terminal cannot go on. `message` is for the person who started it."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
