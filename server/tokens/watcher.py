"""Keeps the accepted tokens in step with the database, whoever changes it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.exc import SQLAlchemyError

from server.database.database import Database
from server.support.complaint import Complaint
from server.tokens.accepted import AcceptedTokens
from server.tokens.store import hashes

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""A revoked terminal is to be gone within 2 s."""


class TokenWatcher:
    """Owns the tokens that hold now. A database that cannot be read for a while leaves them as they are."""

    def __init__(
        self,
        configured: Mapping[str, str],
        database: Database | None,
        *,
        required: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`configured`: the settings'. `database`: None where it cannot be used: then every terminal needs a
        token of the settings. `required`: every terminal needs one, also where there is none yet."""
        self._configured = configured
        self._database = database
        self._required = required
        self._sleep = sleep
        self._complaint = Complaint(log)
        self.accepted = AcceptedTokens.of(configured, None)

    async def load(self) -> None:
        """Raises SQLAlchemyError."""
        if self._database is not None:
            stored = await self._database.read(hashes)
            self.accepted = AcceptedTokens.of(self._configured, stored, self._required)

    async def refresh(self) -> None:
        """As `load`, but where the database cannot be read those of before stay in force, and it is told: at
        first, those of the settings."""
        try:
            await self.load()
        except SQLAlchemyError:
            self._complaint.tell("the terminals' tokens cannot be read: those of before stay in force")
        else:
            self._complaint.mended()

    async def watch(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Follow the database for ever; `changed` is awaited when other tokens hold."""
        while True:
            await self._sleep(POLL_SECONDS)
            before = self.accepted
            await self.refresh()
            if self.accepted != before:
                await changed()
