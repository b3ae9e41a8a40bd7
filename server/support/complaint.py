"""Something that goes wrong again and again is told once, and again only after it has gone right."""

import logging


class Complaint:
    """One thing that may go wrong."""

    def __init__(self, log: logging.Logger, level: int = logging.ERROR) -> None:
        self._log = log
        self._level = level
        self._told = False

    def tell(self, message: str, *values: object) -> None:
        """It has gone wrong: log it, unless it has been told already."""
        if not self._told:
            self._log.log(self._level, message, *values)
        self._told = True

    def mended(self) -> None:
        """It has gone right."""
        self._told = False
