"""Signing in: a name, a password, a code where one is asked for; and a pause for who keeps guessing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.accounts import second_factor, sessions
from server.accounts.accounts import Account, AccountError, checked_name, find, password_of
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
        self.passwords = passwords
        self._keys = Throttle(clock)
        self._sources = Throttle(clock, SOURCE_FREE)

    async def __call__(self, name: str, password: str, code: str | None, *, source: str, agent: str) -> str:
        """The secret of a new session. `source`: the address that it comes from, `agent`: what the browser
        calls itself. Raises RefusedError, CodeNeededError, TooManyError, passwords.BusyError."""
        account = await self.prove(name, password, source)
        if account.second_factor:
            await self._prove_code(account.number, code, source)
        return await self._database.write(
            lambda connection: sessions.begin(connection, account.number, source, agent)
        )

    async def prove(self, name: str, password: str, source: str) -> Account:
        """Whose password this is. Raises RefusedError, TooManyError, passwords.BusyError."""
        try:
            known = checked_name(name)
        except AccountError:
            known = ""
        with self._counted(known, source):
            return await self._proven(known, password)

    async def _proven(self, known: str, password: str) -> Account:
        kept = await self._database.read(lambda connection: password_of(connection, known))
        if len(password) > MAX_CHARS or not await self.passwords.matches(password, kept):
            raise RefusedError
        account = await self._database.read(lambda connection: find(connection, known))
        if account is None or account.disabled:
            raise RefusedError
        return account

    async def _prove_code(self, account: int, code: str | None, source: str) -> None:
        if not code:
            raise CodeNeededError
        with self._counted(f"code of {account}", source):
            await self._prove_given_code(account, code)

    async def _prove_given_code(self, account: int, code: str) -> None:
        key = await self._database.read(lambda connection: second_factor.key_of(connection, account))
        step = second_factor.step_of(key or "", code)
        if step is None or not await self._database.write(
            lambda connection: second_factor.use(connection, account, step)
        ):
            raise RefusedError

    @contextmanager
    def _counted(self, key: str, source: str) -> Iterator[None]:
        """A try counts as failed before it is known to be, so that many at once do not get through."""
        wait = max(self._keys.wait(key), self._sources.wait(source))
        if wait > 0:
            raise TooManyError(wait)
        self._keys.failed(key)
        self._sources.failed(source)
        yield
        self._keys.succeeded(key)
        self._sources.succeeded(source)
