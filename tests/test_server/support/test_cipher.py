"""What is encrypted can be read with its key and at its place, and nowhere else."""

import pickle

import pytest

from server.support.cipher import ADDED_BYTES, Cipher, DecryptionError

CIPHER = Cipher(bytes(range(32)))


def test_it_comes_back_with_the_same_key_at_the_same_place() -> None:
    encrypted = CIPHER.encrypt(b"a face", b"here")
    assert b"a face" not in encrypted and len(encrypted) == len(b"a face") + ADDED_BYTES
    assert Cipher(bytes(range(32))).decrypt(encrypted, b"here") == b"a face"


def test_the_same_twice_does_not_look_the_same() -> None:
    assert CIPHER.encrypt(b"a face", b"here") != CIPHER.encrypt(b"a face", b"here")


@pytest.mark.parametrize("other", [Cipher(bytes(32)), CIPHER.derived(b"another purpose")])
def test_another_key_does_not_open_it(other: Cipher) -> None:
    with pytest.raises(DecryptionError):
        other.decrypt(CIPHER.encrypt(b"a face", b"here"), b"here")


def test_it_does_not_open_elsewhere_changed_or_cut_off() -> None:
    encrypted = CIPHER.encrypt(b"a face", b"here")
    with pytest.raises(DecryptionError):
        CIPHER.decrypt(encrypted, b"there")
    for at in range(len(encrypted)):
        changed = bytearray(encrypted)
        changed[at] ^= 1
        with pytest.raises(DecryptionError):
            CIPHER.decrypt(bytes(changed), b"here")
        with pytest.raises(DecryptionError):
            CIPHER.decrypt(encrypted[:at], b"here")


def test_it_reaches_another_process_and_shows_its_key_to_nobody() -> None:
    CIPHER.encrypt(b"", b"")
    assert pickle.loads(pickle.dumps(CIPHER)) == CIPHER
    assert repr(CIPHER) == "Cipher()"


def test_keys_of_two_purposes_are_two_and_the_same_again_each_time() -> None:
    one, other = CIPHER.derived(b"one"), CIPHER.derived(b"other")
    assert len({CIPHER.key, one.key, other.key}) == 3
    assert CIPHER.derived(b"one") == one and len(one.key) == 32
