"""Tokens and accounts from the command line, beside a server that may be running."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from server.audit.operator_log import COMMAND_LINE, FILE, ActKind, parse
from server.commands import terminals, users
from server.database.database import address_of, opened
from server.settings import Settings
from server.support.clock import now_ms
from server.support.errors import StartError
from server.support.secret import hashed
from server.tokens import store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"logs": tmp_path, "tokens": {"lab": "the token of the lab"}})


def test_a_token_is_printed_once_and_ends_when_it_is_revoked(settings: Settings) -> None:
    token = asyncio.run(terminals.add(settings, "front"))
    with opened(address_of(settings.logs, None)) as database:
        assert database.read_here(store.hashes) == {"front": {hashed(token)}}
        newer = asyncio.run(terminals.rotate(settings, "front"))
        assert database.read_here(store.hashes) == {"front": {hashed(token), hashed(newer)}}
        newest = asyncio.run(terminals.rotate(settings, "front", overlap=0))
        assert database.read_here(store.hashes) == {"front": {hashed(newest)}}
    listed = asyncio.run(terminals.listed(settings)).splitlines()
    assert listed[0].startswith("front: since 20") and listed[0].endswith(", never used")
    assert listed[1] == "lab: in the settings"
    revoked = asyncio.run(terminals.revoke(settings, "front"))
    assert revoked == "front: its tokens and certificates are revoked"
    assert asyncio.run(terminals.listed(settings)).splitlines()[0] == "front: revoked"


def test_the_list_tells_when_each_token_expires_and_when_it_was_used(settings: Settings) -> None:
    asyncio.run(terminals.add(settings, "front", days=3))
    asyncio.run(terminals.rotate(settings, "front", days=90))
    asyncio.run(terminals.add(settings, "back", days=3))
    with opened(address_of(settings.logs, None)) as database:
        database.write_here(lambda sql: store.mark_seen(sql, store.hashes(sql)["back"], now_ms()))
    back, newer, older, _ = asyncio.run(terminals.listed(settings)).splitlines()
    assert f"last used {date.today()}, expires, soon: " in back
    assert "never used, expires: " in newer
    assert older.startswith("front: the one before, since ") and ", expires: " in older


def test_a_token_of_the_settings_that_still_holds_is_told(settings: Settings) -> None:
    asyncio.run(terminals.add(settings, "lab"))
    assert asyncio.run(terminals.revoke(settings, "lab")).endswith("the token in the settings still holds")


def test_what_cannot_be_done_is_told(settings: Settings) -> None:
    with pytest.raises(StartError, match="front has no token that was made here"):
        asyncio.run(terminals.revoke(settings, "front"))
    with pytest.raises(StartError, match="there is no role 'boss'"):
        asyncio.run(users.add(settings, "jane", "boss"))
    with pytest.raises(StartError, match="There is no account jane"):
        asyncio.run(users.reset(settings, "jane"))


def test_a_folder_without_a_database_that_can_be_made_is_told(tmp_path: Path) -> None:
    settings = Settings.model_validate({"logs": tmp_path / "none"})
    with pytest.raises(StartError, match="no such file or directory"):
        asyncio.run(terminals.listed(settings))


def test_an_account_is_made_with_a_link_and_listed(settings: Settings) -> None:
    told = asyncio.run(users.add(settings, "Jane", "guard"))
    assert told.startswith("jane sets a password at http://127.0.0.1:8080/set-up#")
    again = asyncio.run(users.reset(settings, "jane"))
    assert again.startswith("jane sets a new password at ") and again.split("#")[1] != told.split("#")[1]
    listed = asyncio.run(users.listed(settings))
    assert listed == "jane: guard; last signed in: never; has no password yet"


def test_what_is_done_is_in_the_operators_record_and_what_is_refused_is_not(
    settings: Settings,
) -> None:
    asyncio.run(terminals.add(settings, "front"))
    asyncio.run(terminals.rotate(settings, "front"))
    asyncio.run(users.add(settings, "Jane", "guard"))
    with pytest.raises(StartError):
        asyncio.run(terminals.revoke(settings, "back"))
    lines = (settings.logs / FILE).read_text(encoding="utf-8").splitlines()
    acts = [(act.kind, act.operator, act.subject) for act in map(parse, lines)]
    assert acts == [
        (ActKind.TERMINAL_TOKEN_ADDED, COMMAND_LINE, "front"),
        (ActKind.TERMINAL_TOKEN_ROTATED, COMMAND_LINE, "front"),
        (ActKind.ACCOUNT_ADDED, COMMAND_LINE, "jane"),
    ]


def test_nothing_is_done_that_cannot_be_written_down(settings: Settings) -> None:
    (settings.logs / FILE).mkdir()
    with pytest.raises(StartError, match="operators' record cannot be written, so nothing is done"):
        asyncio.run(terminals.add(settings, "front"))
    assert "front" not in asyncio.run(terminals.listed(settings))
