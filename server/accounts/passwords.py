"""Passwords: which are good enough, and how they are kept and checked, one at a time beside the loop."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from server.support.guesses import NotTriedError

P = ParamSpec("P")
T = TypeVar("T")

MIN_CHARS = 10
MAX_CHARS = 200
STRENGTH_CHARS = 72
"""So many of its first characters are weighed: weighing takes time that grows with the square."""
MIN_SCORE = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses, "safely unguessable: moderate protection from offline slow-hash
scenario" (Wheeler, zxcvbn, USENIX Security 2016)."""
WAITING = 16
"""Checks that may wait; each takes about 0.1 s of one core and 64 MB. More are refused at once."""
KEPT = 4
"""Of these, for who has signed in from the same address before."""
PLACES = 3
"""Of these, for one address at most."""


class WeakPasswordError(ValueError):
    """The password would be guessed; the message says how to mend it."""


class BusyError(NotTriedError):
    """Too many passwords are being checked."""


class Asker(NamedTuple):
    """Who has a password checked. `network`: the address, or the part of it that counts. `familiar`: the
    account has signed in from there before."""

    network: str
    familiar: bool


class Passwords:
    """Hashes and checks passwords with argon2id (RFC 9106, the second recommended option), one at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._worker = ThreadPoolExecutor(1, "passwords")
        self._waiting = 0
        self._askers: Counter[str] = Counter()
        """Network -> how many of its checks wait."""
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Raises BusyError."""
        return await self._run(self.hash_here, password)

    async def matches(self, password: str, kept: str | None, asker: Asker) -> bool:
        """Whether it is the password of that hash. Without a hash it takes as long and is not: the time does
        not tell which accounts there are. Raises BusyError."""
        full = not asker.familiar and self._waiting >= WAITING - KEPT
        if full or self._askers[asker.network] >= PLACES:
            raise BusyError
        self._askers[asker.network] += 1
        try:
            return await self._run(self._matches, password, kept)
        finally:
            self._askers -= Counter([asker.network])  # forgets who has none left

    def hash_here(self, password: str) -> str:
        """As `hash`, in the caller's thread."""
        return self._hasher.hash(password)

    def close(self) -> None:
        self._worker.shutdown(wait=True)

    def _matches(self, password: str, kept: str | None) -> bool:
        if kept is None:
            self._nobodys = self._nobodys or self._hasher.hash("nobody's")
        try:
            return self._hasher.verify(kept or self._nobodys or "", password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= WAITING:
            raise BusyError
        self._waiting += 1
        try:
            running = self._worker.submit(work, *args, **kwargs)
            return await asyncio.shield(asyncio.wrap_future(running))
        finally:
            self._waiting -= 1


def require_strong(password: str, known: Sequence[str]) -> None:
    """`known`: what a guesser knows, such as the account's name. Raises WeakPasswordError."""
    if len(password) < MIN_CHARS:
        raise WeakPasswordError(f"The password has {len(password)} characters; {MIN_CHARS} are needed.")
    if len(password) > MAX_CHARS:
        raise WeakPasswordError(f"The password has {len(password)} characters; at most {MAX_CHARS} count.")
    weighed = zxcvbn(password[:STRENGTH_CHARS], user_inputs=[*known, "doorward"])
    if weighed["score"] < MIN_SCORE:
        feedback = weighed["feedback"]
        advice = [feedback["warning"] or "This password would be guessed.", *feedback["suggestions"]]
        raise WeakPasswordError(" ".join(each.rstrip(".") + "." for each in advice if each))
