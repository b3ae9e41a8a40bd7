"""`who`: a word of a pseudonymous log, and whose it is."""

import asyncio
from pathlib import Path

import pytest

from server.commands.who import who
from server.recognition.pseudonyms import FILE, Pseudonyms
from server.settings import Settings
from server.support.errors import StartError, WrongError
from tests.support.site import put


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    put(tmp_path / "faces", jane_doe=b"", john_roe=b"")
    (tmp_path / "faces" / "people.toml").write_text('[people."Jim Poe"]\ndisabled = true\n')
    return Settings.model_validate({"faces": tmp_path / "faces", "logs": tmp_path})


@pytest.mark.parametrize("name", ["Jane Doe", "John Roe", "Jim Poe"])
def test_whoever_is_enrolled_or_limited_is_found(settings: Settings, name: str) -> None:
    word = Pseudonyms(settings.logs / FILE).word(name)
    assert word.startswith("person:") and asyncio.run(who(settings, word)) == name
    assert asyncio.run(who(settings, word.removeprefix("person:"))) == name


def test_nobody_else_is(settings: Settings) -> None:
    word = Pseudonyms(settings.logs / FILE).word("Jana Doe")
    with pytest.raises(WrongError, match="nobody who is enrolled now"):
        asyncio.run(who(settings, word))


def test_no_key_is_made_for_asking(settings: Settings) -> None:
    with pytest.raises(StartError, match="there is no such key"):
        asyncio.run(who(settings, "person:0"))
    assert not (settings.logs / FILE).exists()
