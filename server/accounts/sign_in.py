"""Signing in: a name, a password, a code where one is asked for; and a pause for who keeps guessing."""

import time
from collections.abc import Callable

from server.accounts import second_factor, sessions
from server.accounts.accounts import AccountError, checked_name, find, password_of
from server.accounts.passwords import MAX_CHARS, Passwords
from server.accounts.throttle import Throttle
from server.database.database import Database

SOURCE_FREE = 20
"""Failures of one address that cost nothing: an office may share one."""


class RefusedError(Exception):
    """Wrong name, password or code: which of them is not told."""


class CodeNeededError(Exception):
    """The password is right, and a code of the second factor is missing."""


class TooManyError(Exception):
    """Too many failures: try again after so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many failures; {seconds:.0f} s to wait")
        self.seconds = seconds


class SignIn:
    """The only way to a session."""

    def __init__(
        self, database: Database, passwords: Passwords, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._accounts = Throttle(clock)
        self._sources = Throttle(clock, SOURCE_FREE)

    async def __call__(self, name: str, password: str, code: str | None, *, source: str, agent: str) -> str:
        """The secret of a new session. `source`: the address that it comes from, `agent`: what the browser
        calls itself. Raises RefusedError, CodeNeededError, TooManyError, passwords.BusyError."""
        key = name.strip().lower()[:MAX_CHARS]
        wait = max(self._accounts.wait(key), self._sources.wait(source))
        if wait > 0:
            raise TooManyError(wait)
        # Counted before it is known to be one, so that many at once do not get through.
        self._accounts.failed(key)
        self._sources.failed(source)
        account = await self._proven(name, password, code)
        self._accounts.succeeded(key)
        self._sources.succeeded(source)
        return await self._database.write(
            lambda connection: sessions.begin(connection, account, source, agent)
        )

    async def _proven(self, name: str, password: str, code: str | None) -> int:
        """The account's number."""
        try:
            known = checked_name(name)
        except AccountError:
            known = ""
        kept = await self._database.read(lambda connection: password_of(connection, known))
        if len(password) > MAX_CHARS or not await self._passwords.matches(password, kept):
            raise RefusedError
        account = await self._database.read(lambda connection: find(connection, known))
        if account is None or account.disabled:
            raise RefusedError
        if account.second_factor:
            await self._prove_code(account.number, code)
        return account.number

    async def _prove_code(self, account: int, code: str | None) -> None:
        if not code:
            raise CodeNeededError
        key = await self._database.read(lambda connection: second_factor.key_of(connection, account))
        step = second_factor.step_of(key or "", code)
        if step is None or not await self._database.write(
            lambda connection: second_factor.use(connection, account, step)
        ):
            raise RefusedError
