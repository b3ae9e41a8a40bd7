"""The key by which faces are encrypted: a wrong one is one clear error, and touches nothing."""

from pathlib import Path

import pytest

from server.settings import Settings
from server.startup import encryption
from server.startup.encryption import CHECK_FILE, begin, cipher_of
from server.support.errors import StartError


def settings(folder: Path, key: bytes | None) -> Settings:
    """With a file of that key."""
    (folder / "logs").mkdir(exist_ok=True)
    if key is None:
        return Settings.model_validate({"logs": folder / "logs"})
    path = folder / "encryption.key"
    path.write_bytes(key)
    path.chmod(0o600)
    return Settings.model_validate({"logs": folder / "logs", "encryption_key": path})


def test_without_the_setting_nothing_is_encrypted(tmp_path: Path) -> None:
    assert begin(settings(tmp_path, None)) is None
    assert not list((tmp_path / "logs").iterdir())


def test_the_first_start_with_a_key_binds_the_folder_to_it(tmp_path: Path) -> None:
    given = settings(tmp_path, b"k" * 32)
    assert cipher_of(given) is not None and not list((tmp_path / "logs").iterdir())
    cipher = begin(given)
    check = tmp_path / "logs" / CHECK_FILE
    before = check.read_bytes()
    assert begin(given) == cipher_of(given) == cipher and check.read_bytes() == before
    assert check.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (b"o" * 32, "is encrypted by another key than .*encryption.key, and nothing was touched"),
        (None, "encryption_key is not set, and what is kept in .*logs is encrypted"),
        (b"short", "is no key of 32 bytes"),
        (b"k" * 33, "is no key of 32 bytes"),
    ],
)
def test_another_key_or_none_starts_nothing(tmp_path: Path, key: bytes | None, message: str) -> None:
    begin(settings(tmp_path, b"k" * 32))
    before = (tmp_path / "logs" / CHECK_FILE).read_bytes()
    for take in (begin, cipher_of):
        with pytest.raises(StartError, match=message):
            take(settings(tmp_path, key))
    assert (tmp_path / "logs" / CHECK_FILE).read_bytes() == before


def test_a_key_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    given = Settings.model_validate({"logs": tmp_path, "encryption_key": tmp_path / "nowhere.key"})
    with pytest.raises(StartError, match=r"nowhere\.key: no such file.* encryption key FILE makes a key"):
        begin(given)
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_start_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "find_spec", lambda name: None)
    with pytest.raises(StartError, match=r"cryptography is not installed: pip install '\.\[web\]'"):
        begin(settings(tmp_path, b"k" * 32))
