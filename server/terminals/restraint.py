"""Reads a terminal no faster than its allowance, and parts with one that keeps sending more."""

import asyncio
import logging

from server.support.complaint import Complaint
from server.terminals.allowance import END_SECONDS, RULE, WARN_SECONDS, Allowance
from wire import ErrorCode, ProtocolError

log = logging.getLogger(__name__)


class Restraint:
    """Of one terminal, from its welcome on. `broken`: it was parted with."""

    def __init__(self, name: str) -> None:
        """Within a running event loop."""
        self.broken = False
        self._name = name
        self._allowance = Allowance(asyncio.get_running_loop().time())
        self._complaint = Complaint(log, logging.WARNING)

    async def take(self, *, size: int = 0, messages: int = 0) -> None:
        """So much has been read: wait until more may be. Raises ProtocolError: too much is sent for long."""
        loop = asyncio.get_running_loop()
        wait = self._allowance.take(loop.time(), size=size, messages=messages)
        if wait > 0:
            await asyncio.sleep(wait)
        seconds = self._allowance.exceeded(loop.time())
        if seconds >= END_SECONDS:
            self.broken = True
            raise ProtocolError(ErrorCode.TOO_MANY, f"too much was sent for {seconds:.0f} s; {RULE}")
        if seconds >= WARN_SECONDS:
            self._complaint.tell("%s: sends too much; %s", self._name, RULE)
        elif seconds == 0:
            self._complaint.mended()
