"""What is changed in the database holds soon, and what cannot be read leaves things as they are."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from server.database.database import Database, address_of, opened
from server.support.clock import now_ms
from server.support.secret import hashed
from server.tokens import certificates, store
from server.tokens.certificates import StoredCertificate
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


class Clock:
    """The wall clock, as somebody sets it: milliseconds since 1970."""

    def __init__(self) -> None:
        self.now = now_ms()

    def __call__(self) -> int:
        return self.now

    def advance(self, days: float) -> None:
        self.now += round(days * store.DAY_MS)


def test_a_token_ends_by_the_clock_and_does_not_come_back_with_it(tmp_path: Path) -> None:
    clock = Clock()
    held: list[bool] = []
    with opened(address_of(tmp_path, None)) as database:
        token = database.write_here(lambda connection: store.add(connection, "front", 10))

        def look(days: float) -> None:
            held.append(watcher.accepted.accept("front", hashed(token)))
            clock.advance(days)

        rounds = Rounds(*(partial(look, days) for days in (9.9, 0.2, -9, 0)))
        watcher = TokenWatcher({}, database, sleep=rounds.sleep, clock=clock)
        assert asyncio.run(watched(watcher)) == 1
    assert held == [True, True, False, False]
    assert watcher.accepted.required


def test_a_token_ends_also_while_the_database_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Database, work: object) -> object:
        raise OperationalError("SELECT", {}, Exception("locked"))

    clock = Clock()
    with opened(address_of(tmp_path, None)) as database:
        token = database.write_here(lambda connection: store.add(connection, "front", 10))
        rounds = Rounds(lambda: monkeypatch.setattr(Database, "read", broken), lambda: clock.advance(11))
        watcher = TokenWatcher({}, database, sleep=rounds.sleep, clock=clock)
        assert asyncio.run(watched(watcher)) == 1
        assert not watcher.accepted.accept("front", hashed(token))


def test_that_a_token_was_used_is_written_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    start, written = clock.now, []
    mark_seen = store.mark_seen

    def counted(connection: Connection, hashes: Collection[str], now: int) -> None:
        written.append(now)
        mark_seen(connection, hashes, now)

    monkeypatch.setattr(store, "mark_seen", counted)
    with opened(address_of(tmp_path, None)) as database:
        token = hashed(database.write_here(lambda connection: store.add(connection, "front")))

        def used() -> None:
            watcher.seen(token)

        rounds = Rounds(used, used, None, used, lambda: clock.advance(1), None, used, used, None)
        watcher = TokenWatcher({}, database, sleep=rounds.sleep, clock=clock)
        assert asyncio.run(watched(watcher)) == 0
        assert database.read_here(store.all_tokens)[0].tokens[0].seen == start + store.DAY_MS
    assert written == [start, start + store.DAY_MS]


def test_what_expires_soon_is_warned_of_once_a_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with opened(address_of(tmp_path, None)) as database:
        for terminal, days in (("front", 20), ("back", None), ("lab", 40)):
            database.write_here(partial(store.add, terminal=terminal, days=days))
        rounds = Rounds(None, partial(clock.advance, 7), None, partial(clock.advance, 1.1), None)
        watcher = TokenWatcher({}, database, sleep=rounds.sleep, clock=clock)
        asyncio.run(watched(watcher))
        assert caplog.text.count("'front': its token expires on ") == 2
        assert "lab" not in caplog.text and "back" not in caplog.text
        database.write_here(lambda connection: store.rotate(connection, "front", 24, 100))
        caplog.clear()
        watcher = TokenWatcher({}, database, sleep=Rounds(None).sleep, clock=clock)
        asyncio.run(watched(watcher))
        assert not caplog.messages, "the new one lasts"


def test_certificates_are_followed_too(tmp_path: Path) -> None:
    clock = Clock()
    held: list[object] = []
    with opened(address_of(tmp_path, None)) as database:

        def record(fingerprint: str, days: int) -> None:
            made = StoredCertificate("front", fingerprint, clock.now, clock.now + days * store.DAY_MS)
            database.write_here(partial(certificates.record, certificate=made))

        def look(act: Callable[[], object]) -> None:
            held.append(watcher.accepted.certificates.get("front"))
            act()

        acts = (
            partial(record, "old", 3),
            partial(record, "new", 30),
            partial(clock.advance, 4),
            partial(clock.advance, -3),
            partial(database.write_here, partial(store.revoke, terminal="front")),
            int,
        )
        rounds = Rounds(*(partial(look, act) for act in acts))
        watcher = TokenWatcher({}, database, sleep=rounds.sleep, clock=clock)
        assert asyncio.run(watched(watcher)) == 4
    assert held == [None, {"old"}, {"old", "new"}, {"new"}, {"new"}, frozenset()]


def test_a_certificate_that_expires_soon_is_warned_of_until_there_is_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    with opened(address_of(tmp_path, None)) as database:
        for number, days in enumerate((29, 397)):
            made = StoredCertificate("front", f"{number}", clock.now, clock.now + days * store.DAY_MS)
            database.write_here(partial(certificates.record, certificate=made))
            watcher = TokenWatcher({}, database, sleep=Rounds(None).sleep, clock=clock)
            asyncio.run(watched(watcher))
            assert len(caplog.messages) == 1
            assert "'front': its certificate expires on " in caplog.text


def test_while_the_record_of_certificates_is_not_known_each_terminal_must_show_one() -> None:
    assert TokenWatcher({}, None, asks=True).accepted.any_certificate
    assert not TokenWatcher({}, None).accepted.any_certificate
