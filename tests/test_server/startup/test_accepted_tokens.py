"""Which tokens a server that starts would take, seen without starting it."""

import sqlite3
from pathlib import Path

from server.database.database import address_of, opened
from server.settings import Settings
from server.startup.accepted_tokens import accepted_now
from server.support.secret import hashed
from server.tokens import store


def test_tokens_that_hold_count(tmp_path: Path) -> None:
    with opened(address_of(tmp_path, None)) as database:
        token = database.write_here(lambda sql: store.add(sql, "front"))
    accepted = accepted_now(Settings.model_validate({"logs": tmp_path}))
    assert accepted.terminals == {"front"} and accepted.accept("front", hashed(token))


def test_a_database_that_a_version_before_made_is_not_changed_by_a_look(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "doorward.sqlite3")
    file.execute("CREATE TABLE terminal_token (terminal VARCHAR(64), hash VARCHAR(64), created BIGINT)")
    file.execute("INSERT INTO terminal_token VALUES ('front', 'abc', 5), ('back', NULL, 6)")
    file.commit()
    file.close()
    accepted = accepted_now(Settings.model_validate({"logs": tmp_path}))
    assert accepted.terminals == {"front"} and accepted.accept("front", "abc")
    assert not accepted.accept("back", hashed(""))
