"""Passwords are hashed slowly, a few at a time, and weak ones are refused in words."""

import asyncio
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher

from server.accounts.passwords import (
    KEPT,
    PLACES,
    WAITING,
    Asker,
    BusyError,
    Passwords,
    WeakPasswordError,
    require_strong,
)

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ASKER = Asker("192.0.2.7", familiar=False)


def test_a_password_matches_its_own_hash_alone() -> None:
    async def test() -> None:
        kept = await passwords.hash("a quiet lighthouse")
        assert kept.startswith("$argon2id$")
        assert await passwords.matches("a quiet lighthouse", kept, ASKER)
        assert not await passwords.matches("another", kept, ASKER)
        assert not await passwords.matches("nobody's", None, ASKER)
        assert not await passwords.matches("a quiet lighthouse", "no hash at all", ASKER)

    passwords = Passwords(QUICK)
    asyncio.run(test())
    passwords.close()


def test_too_many_at_once_are_refused() -> None:
    go_on = threading.Event()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            assert go_on.wait(60)
            return "hash"

    async def test() -> None:
        waiting = [asyncio.ensure_future(passwords.hash("x")) for _ in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await passwords.hash("one more")
        go_on.set()
        assert await asyncio.gather(*waiting) == ["hash"] * WAITING
        assert await passwords.hash("now") == "hash"

    passwords = Passwords(Slow())
    asyncio.run(test())
    passwords.close()


def test_strangers_leave_places_to_others() -> None:
    go_on = threading.Event()

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            assert go_on.wait(60)
            return True

    async def test() -> None:
        def ask(network: str, familiar: bool) -> "asyncio.Task[bool]":
            return asyncio.ensure_future(passwords.matches("x", "hash", Asker(network, familiar)))

        one = [ask("192.0.2.7", True) for _ in range(PLACES + 1)]
        others = [ask(f"10.0.0.{number}", False) for number in range(WAITING)]
        await asyncio.sleep(0)
        last = ask("198.51.100.9", True)
        await asyncio.sleep(0)
        go_on.set()
        busy = [isinstance(each, BusyError) for each in await asyncio.gather(*one, return_exceptions=True)]
        assert busy == [False] * PLACES + [True], "an address has a few places"
        found = await asyncio.gather(*others, return_exceptions=True)
        assert found.count(True) == WAITING - KEPT - PLACES, "some are kept"
        assert await last, "for who has signed in from there"
        assert await ask("192.0.2.7", False), "and all are free again"

    passwords = Passwords(Slow(time_cost=1, memory_cost=8, parallelism=1))
    asyncio.run(test())
    passwords.close()


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "Tr0ub4dor&3 by the sea", "ж" * 5 + "лампа над рекой"]
)
def test_a_good_password_is_taken(password: str) -> None:
    require_strong(password, ["jane"])


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "password1234", "jane.doe.jane", "x" * 1000])
def test_a_weak_one_is_not(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        require_strong(password, ["jane.doe"])
