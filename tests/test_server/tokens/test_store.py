"""Tokens are told once, kept as hashes, and end when they are rotated or revoked."""

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


def rotate(database: Database, terminal: str = "front") -> str:
    return database.write_here(lambda connection: store.rotate(connection, terminal))


def revoke(database: Database, terminal: str = "front") -> None:
    database.write_here(lambda connection: store.revoke(connection, terminal))


def test_a_token_is_kept_as_its_hash_alone(database: Database, tmp_path: Path) -> None:
    token = add(database)
    assert database.read_here(store.hashes) == {"front": hashed(token)}
    database.close()
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_second_one_would_replace_the_first_silently_and_is_refused(database: Database) -> None:
    token = add(database)
    with pytest.raises(TokenError, match="front has a token already"):
        add(database)
    assert database.read_here(store.hashes) == {"front": hashed(token)}


def test_rotating_ends_the_old_one(database: Database) -> None:
    old = add(database)
    new = rotate(database)
    assert old != new and database.read_here(store.hashes) == {"front": hashed(new)}


def test_what_was_revoked_stays_as_revoked_until_it_is_added_again(database: Database) -> None:
    add(database)
    revoke(database)
    assert database.read_here(store.hashes) == {"front": None}
    assert [token.revoked for token in database.read_here(store.all_tokens)] == [True]
    token = add(database)
    assert database.read_here(store.hashes) == {"front": hashed(token)}


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
