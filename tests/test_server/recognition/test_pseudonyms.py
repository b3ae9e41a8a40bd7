"""Words that stand for people: the same for ever, of this site alone, from a key that nobody else reads."""

import hashlib
import hmac
from pathlib import Path

import pytest

from server.recognition.pseudonyms import DIGITS, Pseudonyms
from server.support.key_file import KEY_BYTES, KeyFileError


def test_a_word_outlasts_the_server(tmp_path: Path) -> None:
    word = Pseudonyms(tmp_path / "key").of("Jane Doe")
    assert Pseudonyms(tmp_path / "key").of("Jane Doe") == word != Pseudonyms(tmp_path / "key").of("Joe Doe")
    assert len(word) == DIGITS and int(word, 16) >= 0


def test_it_is_that_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(KEY_BYTES))
    expected = hmac.new(bytes(KEY_BYTES), "Jürgen".encode(), hashlib.sha256).hexdigest()[:16]
    assert Pseudonyms(tmp_path / "key").of("Jürgen") == expected


def test_another_site_has_other_words(tmp_path: Path) -> None:
    assert Pseudonyms(tmp_path / "one").of("Jane Doe") != Pseudonyms(tmp_path / "other").of("Jane Doe")


def test_the_key_is_the_servers_alone(tmp_path: Path) -> None:
    Pseudonyms(tmp_path / "key").of("Jane Doe")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert len((tmp_path / "key").read_bytes()) == KEY_BYTES


@pytest.mark.parametrize("content", [b"", b"short", bytes(KEY_BYTES + 1)])
def test_what_is_no_key_is_left_alone_and_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(KeyFileError, match="is no key"):
        Pseudonyms(tmp_path / "key").of("Jane Doe")
    assert (tmp_path / "key").read_bytes() == content


def test_a_key_that_cannot_be_made_or_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no such file"):
        Pseudonyms(tmp_path / "none" / "key").of("Jane Doe")
    (tmp_path / "key").mkdir()
    with pytest.raises(KeyFileError, match="directory"):
        Pseudonyms(tmp_path / "key").of("Jane Doe")
