"""Tokens are told once, kept as hashes, and end when they are rotated or revoked."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.database.database import Database, address_of, opened
from server.support.secret import hashed
from server.tokens import store
from server.tokens.store import TokenError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(address_of(tmp_path, None)) as database:
        yield database


def add(database: Database, terminal: str = "front") -> str:
    return database.write_here(lambda connection: store.add(connection, terminal))


def rotate(database: Database, terminal: str = "front", overlap: int = 24, days: int | None = None) -> str:
    return database.write_here(lambda connection: store.rotate(connection, terminal, overlap, days))


def at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """From now on it is then, in milliseconds since 1970."""
    monkeypatch.setattr(store, "now_ms", lambda: moment)


def revoke(database: Database, terminal: str = "front") -> None:
    database.write_here(lambda connection: store.revoke(connection, terminal))


def test_a_token_is_kept_as_its_hash_alone(database: Database, tmp_path: Path) -> None:
    token = add(database)
    assert database.read_here(store.hashes) == {"front": {hashed(token)}}
    database.close()
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_second_one_would_replace_the_first_silently_and_is_refused(database: Database) -> None:
    token = add(database)
    with pytest.raises(TokenError, match="front has a token already"):
        add(database)
    assert database.read_here(store.hashes) == {"front": {hashed(token)}}


def test_both_hold_for_a_while_after_rotating(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)
    old = add(database)
    new = rotate(database)
    at(monkeypatch, 24 * store.HOUR_MS - 1)
    assert database.read_here(store.hashes) == {"front": {hashed(old), hashed(new)}}
    at(monkeypatch, 24 * store.HOUR_MS)
    assert database.read_here(store.hashes) == {"front": {hashed(new)}}
    newest = rotate(database)
    assert len(database.read_here(store.all_tokens)[0].tokens) == 2, "what has ended is forgotten"
    assert database.read_here(store.hashes) == {"front": {hashed(new), hashed(newest)}}


def test_rotating_without_an_overlap_ends_the_old_ones(database: Database) -> None:
    old, second = add(database), rotate(database)
    new = rotate(database, overlap=0)
    assert len({old, second, new}) == 3 and database.read_here(store.hashes) == {"front": {hashed(new)}}


def test_an_overlap_makes_nothing_hold_longer(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)
    database.write_here(lambda connection: store.add(connection, "front", 1))
    rotate(database, overlap=48, days=10)
    newest, old = database.read_here(store.all_tokens)[0].tokens
    assert (old.expires, newest.expires) == (store.DAY_MS, 10 * store.DAY_MS)


def test_a_token_expires_and_the_next_is_good_for_as_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 0)
    database.write_here(lambda connection: store.add(connection, "front", 90))
    at(monkeypatch, 90 * store.DAY_MS)
    assert database.read_here(store.hashes) == {"front": frozenset()}
    new = rotate(database)
    assert database.read_here(store.hashes) == {"front": {hashed(new)}}
    assert database.read_here(store.all_tokens)[0].tokens[0].expires == 180 * store.DAY_MS
    at(monkeypatch, 180 * store.DAY_MS)
    again = add(database)
    assert database.read_here(store.hashes) == {"front": {hashed(again)}}, "that does not expire"


def test_a_time_that_makes_no_sense_is_refused(database: Database) -> None:
    add(database)
    for overlap, days in ((-1, None), (721, None), (24, 0), (24, 3651)):
        with pytest.raises(TokenError):
            rotate(database, overlap=overlap, days=days)
    with pytest.raises(TokenError):
        database.write_here(lambda connection: store.add(connection, "back", 0))


def test_revoking_ends_all_tokens_of_a_terminal_and_of_no_other(database: Database) -> None:
    add(database)
    rotate(database)
    back = add(database, "back")
    revoke(database)
    assert database.read_here(store.hashes) == {"front": frozenset(), "back": {hashed(back)}}


def test_tokens_of_the_layout_before_hold_as_they_did(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "doorward.sqlite3")
    file.execute(
        "CREATE TABLE terminal_token (terminal VARCHAR(64) PRIMARY KEY, hash VARCHAR(64), created BIGINT)"
    )
    file.execute("INSERT INTO terminal_token VALUES ('front', 'abc', 5), ('back', NULL, 6)")
    file.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    file.execute("INSERT INTO alembic_version VALUES ('0003')")
    file.commit()
    file.close()
    with opened(address_of(tmp_path, None)) as database:
        assert database.read_here(store.hashes) == {"front": {"abc"}, "back": frozenset()}
        (token,) = [token for each in database.read_here(store.all_tokens) for token in each.tokens]
        assert (token.created, token.expires, token.seen) == (5, None, None)


def test_what_was_revoked_stays_as_revoked_until_it_is_added_again(database: Database) -> None:
    add(database)
    revoke(database)
    assert database.read_here(store.hashes) == {"front": frozenset()}
    assert [each.revoked for each in database.read_here(store.all_tokens)] == [True]
    token = add(database)
    assert database.read_here(store.hashes) == {"front": {hashed(token)}}


def test_what_is_not_there_can_be_neither_rotated_nor_revoked(database: Database) -> None:
    for act in (rotate, revoke):
        with pytest.raises(TokenError, match="front has no token that was made here"):
            act(database)
    add(database)
    revoke(database)
    with pytest.raises(TokenError, match="front has no token"):
        revoke(database)


@pytest.mark.parametrize("name", ["", "x" * 65, "front\ndoor", " front"])
def test_a_name_that_no_terminal_can_have_is_refused(database: Database, name: str) -> None:
    with pytest.raises(TokenError, match="1 to 64 characters"):
        add(database, name)
