"""What is changed in the database holds soon, and what cannot be read leaves things as they are."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from server.database.database import Database, address_of, opened
from server.support.secret import hashed
from server.tokens import store
from server.tokens.watcher import TokenWatcher


class Rounds:
    """Lets the watcher look a number of times; before each look something happens."""

    def __init__(self, *happenings: object) -> None:
        self._happenings = list(happenings)

    async def sleep(self, seconds: float) -> None:
        if not self._happenings:
            raise asyncio.CancelledError
        happening = self._happenings.pop(0)
        if callable(happening):
            happening()


async def watched(watcher: TokenWatcher) -> int:
    """How often it told of a change."""
    changes: list[None] = []

    async def changed() -> None:
        changes.append(None)

    await watcher.load()
    with pytest.raises(asyncio.CancelledError):
        await watcher.watch(changed)
    return len(changes)


def test_a_token_that_was_added_and_one_that_was_revoked_are_noticed(tmp_path: Path) -> None:
    with opened(address_of(tmp_path, None)) as database:
        tokens: list[str] = []

        def add() -> None:
            tokens.append(database.write_here(lambda connection: store.add(connection, "front")))

        def revoke() -> None:
            assert watcher.accepted.accept("front", hashed(tokens[0]))
            database.write_here(lambda connection: store.revoke(connection, "front"))

        rounds = Rounds(None, add, None, revoke, None)
        watcher = TokenWatcher({}, database, sleep=rounds.sleep)
        assert asyncio.run(watched(watcher)) == 2
        assert watcher.accepted.required and not watcher.accepted.accept("front", hashed(tokens[0]))


def test_without_a_database_only_the_tokens_of_the_settings_hold() -> None:
    watcher = TokenWatcher({"front": "the front door's"}, None, sleep=Rounds(None).sleep)
    assert asyncio.run(watched(watcher)) == 0
    assert watcher.accepted.accept("front", hashed("the front door's"))
    assert not watcher.accepted.accept("back", hashed(""))


def test_what_cannot_be_read_for_a_while_changes_nothing_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Database, work: object) -> object:
        raise OperationalError("SELECT", {}, Exception("locked"))

    with opened(address_of(tmp_path, None)) as database:
        token = database.write_here(lambda connection: store.add(connection, "front"))
        rounds = Rounds(lambda: monkeypatch.setattr(Database, "read", broken), None)
        watcher = TokenWatcher({}, database, sleep=rounds.sleep)
        assert asyncio.run(watched(watcher)) == 0
        assert watcher.accepted.accept("front", hashed(token))
    assert caplog.text.count("cannot be read: those of before stay in force") == 1


def test_a_start_at_which_the_database_cannot_be_read_goes_on_with_the_tokens_of_the_settings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(address_of(tmp_path, None)) as database:
        token = database.write_here(lambda connection: store.add(connection, "side"))
        database.write_here(lambda connection: connection.exec_driver_sql("DROP TABLE terminal_token"))
        watcher = TokenWatcher({"front": "the front door's"}, database)
        asyncio.run(watcher.refresh())
    assert "the terminals' tokens cannot be read" in caplog.text
    assert watcher.accepted.accept("front", hashed("the front door's"))
    assert watcher.accepted.required and not watcher.accepted.accept("side", hashed(token))
