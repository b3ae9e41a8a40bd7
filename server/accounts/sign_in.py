"""Signing in: a name, a password, a code where one is asked for; and a pause for who keeps guessing."""

import asyncio
import time
from collections.abc import Callable

from server.accounts import second_factor, sessions
from server.accounts.accounts import Account, AccountError, checked_name, find, password_of
from server.accounts.passwords import MAX_CHARS, Asker, Passwords
from server.accounts.rights import Caller
from server.database.database import Database
from server.support.guesses import Guesses
from server.support.networks import network_of


class RefusedError(Exception):
    """Wrong name, password or code: which of them is not told."""


class CodeNeededError(Exception):
    """The password is right, and a code of the second factor is missing."""


class SignIn:
    """The only way to a session. `accepting`: held while an invitation is used up."""

    def __init__(
        self, database: Database, passwords: Passwords, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self.passwords = passwords
        self.accepting = asyncio.Lock()
        self._guesses = Guesses(clock)

    async def __call__(self, name: str, password: str, code: str | None, *, source: str, agent: str) -> str:
        """The secret of a new session. `source`: the address that it comes from, `agent`: what the browser
        calls itself. Raises RefusedError, CodeNeededError, guesses.TooManyError, passwords.BusyError."""
        try:
            known = checked_name(name)
        except AccountError:
            known = ""
        familiar = await self._is_familiar(known, source)
        with self._guesses.of(known, source, familiar):
            account = await self._proven(known, password, Asker(network_of(source), familiar))
        if account.second_factor:
            if not code:
                raise CodeNeededError
            with self._guesses.of(f"code of {known}", source, familiar):
                await self._prove_code(account.number, code)
        self._guesses.remember(known, source)
        return await self._database.write(
            lambda connection: sessions.begin(connection, account.number, source, agent)
        )

    async def prove_again(self, caller: Caller, password: str) -> None:
        """Somebody who has signed in gives the password once more. Raises RefusedError, guesses.TooManyError,
        passwords.BusyError."""
        with self._guesses.within(_session(caller)):
            await self._proven(caller.name, password, Asker(network_of(caller.source), familiar=True))

    async def prove_code_again(self, caller: Caller, code: str) -> None:
        """Somebody who has signed in gives a code of the second factor. Raises RefusedError,
        guesses.TooManyError."""
        with self._guesses.within(_session(caller)):
            await self._prove_code(caller.account, code)

    async def _is_familiar(self, known: str, source: str) -> bool:
        if self._guesses.is_familiar(known, source):
            return True
        sources = await self._database.read(lambda connection: sessions.sources(connection, known))
        return network_of(source) in map(network_of, sources)

    async def _proven(self, known: str, password: str, asker: Asker) -> Account:
        kept = await self._database.read(lambda connection: password_of(connection, known))
        if len(password) > MAX_CHARS or not await self.passwords.matches(password, kept, asker):
            raise RefusedError
        account = await self._database.read(lambda connection: find(connection, known))
        if account is None or account.disabled:
            raise RefusedError
        return account

    async def _prove_code(self, account: int, code: str) -> None:
        key = await self._database.read(lambda connection: second_factor.key_of(connection, account))
        step = second_factor.step_of(key or "", code)
        if step is None or not await self._database.write(
            lambda connection: second_factor.use(connection, account, step)
        ):
            raise RefusedError


def _session(caller: Caller) -> int:
    assert caller.session is not None
    return caller.session
