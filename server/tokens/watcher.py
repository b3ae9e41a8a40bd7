"""Keeps what is accepted in step with the database, whoever changes it, and with the clock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import Database
from server.support.clock import moment, now_ms
from server.support.complaint import Complaint
from server.tokens import store
from server.tokens.accepted import AcceptedTokens
from server.tokens.certificates import StoredCertificate, all_certificates, by_terminal
from server.tokens.reminders import Reminders
from server.tokens.store import StoredToken, TerminalTokens

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""A revoked terminal is to be gone within 2 s."""


class TokenWatcher:
    """Owns what holds now. While the database cannot be read they are those of before, as long as
    they last. What has expired stays so, also where the clock is put back."""

    def __init__(
        self,
        configured: Mapping[str, str],
        database: Database | None,
        *,
        required: bool = False,
        asks: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`configured`: the settings'. `database`: None where it cannot be used: then every terminal needs a
        token of the settings. `required`: every terminal needs one, also where there is none yet. `asks`: the
        server asks for certificates; while nobody knows whose are on record, everybody must show one.
        `clock`: milliseconds since 1970."""
        self._configured = configured
        self._database = database
        self._required = required
        self._sleep = sleep
        self._clock = clock
        self._complaint = Complaint(log)
        self._reminders = Reminders()
        self._stored: list[TerminalTokens] | None = None
        self._certificates: list[StoredCertificate] = []
        self._expired: frozenset[str] = frozenset()
        self._seen: set[str] = set()
        self.accepted = AcceptedTokens.of(configured, None, any_certificate=asks)

    async def load(self) -> None:
        """Raises SQLAlchemyError."""
        if self._database is not None:
            self._stored, self._certificates = await self._database.read(_stored)
            self._judge()

    async def refresh(self) -> None:
        """As `load`, but where the database cannot be read those of before stay in force, and it is told: at
        first, those of the settings."""
        try:
            await self.load()
        except SQLAlchemyError:
            self._complaint.tell("the terminals' tokens cannot be read: those of before stay in force")
            self._judge()
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
            for sentence in self._reminders.due(self._stored or (), self._certificates, self._clock()):
                log.warning("%s", sentence)
            await self._write_seen()

    def seen(self, token: str) -> None:
        """A terminal was let in by the token of this hash."""
        self._seen.add(token)

    def _judge(self) -> None:
        """By the clock, what holds of that which is stored."""
        if self._stored is None:
            return
        now = self._clock()
        ends = {token.hash: token.expires for known in self._stored for token in known.tokens}
        ends.update((each.fingerprint, each.expires) for each in self._certificates)
        self._expired = frozenset(
            each for each, end in ends.items() if each in self._expired or (end is not None and end <= now)
        )
        holding = {
            known.terminal: frozenset(token.hash for token in known.tokens) - self._expired
            for known in self._stored
        }
        judged = [
            (each, not each.revoked and each.fingerprint not in self._expired) for each in self._certificates
        ]
        certificates = by_terminal(judged)
        self.accepted = AcceptedTokens.of(self._configured, holding, self._required, certificates)

    async def _write_seen(self) -> None:
        """Once a day for each token, however often its terminal connects."""
        now = self._clock()
        due = [
            token.hash
            for known in self._stored or ()
            for token in known.tokens
            if token.hash in self._seen and not _seen_on_day_of(token, now)
        ]
        self._seen.clear()
        if due and self._database is not None:
            try:
                await self._database.write(lambda connection: store.mark_seen(connection, due, now))
            except SQLAlchemyError as error:
                log.info("when tokens were used cannot be written: %s", error)


def _stored(connection: Connection) -> tuple[list[TerminalTokens], list[StoredCertificate]]:
    return store.all_tokens(connection), all_certificates(connection)


def _seen_on_day_of(token: StoredToken, now: int) -> bool:
    return token.seen is not None and moment(token.seen).date() == moment(now).date()
