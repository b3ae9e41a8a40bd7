"""The key by which faces in the logs folder are encrypted: read, and known again."""

from importlib.util import find_spec
from pathlib import Path

from server.settings import Settings
from server.support.cipher import Cipher, DecryptionError
from server.support.errors import StartError
from server.support.key_file import KEY_BYTES
from server.support.private_files import replace_private

CHECK_FILE = "encryption.check"
"""In the logs folder, where something there is encrypted: only the right key opens it."""
_CHECK = b"doorward"


def cipher_of(settings: Settings) -> Cipher | None:
    """None: what lies in the logs folder is not encrypted, nor is it to be. Raises StartError: it is, and by
    another key; or the key cannot be had."""
    check = settings.logs / CHECK_FILE
    if settings.encryption_key is None:
        if check.exists():
            raise StartError(
                f"encryption_key is not set, and what is kept in {settings.logs} is encrypted: set it, or"
                " have it decrypted: python -m server encryption apply --old-key FILE"
            )
        return None
    cipher = read_cipher(settings.encryption_key)
    if not opens(cipher, check):
        raise StartError(
            f"encryption_key: what is kept in {settings.logs} is encrypted by another key than"
            f" {settings.encryption_key}, and nothing was touched: name that key, or change keys:"
            " python -m server encryption apply --old-key FILE"
        )
    return cipher


def begin(settings: Settings) -> Cipher | None:
    """The same for a server that starts; from its first start with a key on no other one is taken. Raises
    StartError."""
    cipher = cipher_of(settings)
    if cipher is not None and not (settings.logs / CHECK_FILE).exists():
        keep_check(cipher, settings.logs)
    return cipher


def read_cipher(path: Path) -> Cipher:
    """Raises StartError."""
    if find_spec("cryptography") is None:
        raise StartError("encryption_key: cryptography is not installed: pip install '.[web]'")
    try:
        with path.open("rb") as file:
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StartError(
            f"encryption_key: {path}: {why}; python -m server encryption key FILE makes a key"
        ) from error
    if len(key) != KEY_BYTES:
        raise StartError(f"encryption_key: {path} is no key of {KEY_BYTES} bytes")
    return Cipher(key)


def opens(cipher: Cipher, check: Path) -> bool:
    """Whether it is the key that this file was made with, or there is no such file. Raises StartError."""
    try:
        _derived(cipher).decrypt(check.read_bytes(), _CHECK)
    except FileNotFoundError:
        return True
    except DecryptionError:
        return False
    except OSError as error:
        raise StartError(f"logs: cannot read {check}: {error}") from error
    return True


def keep_check(cipher: Cipher | None, logs: Path) -> None:
    """From now on this is the key there; None: nothing is encrypted. Raises StartError."""
    check = logs / CHECK_FILE
    try:
        if cipher is None:
            check.unlink(missing_ok=True)
        else:
            replace_private(check, _derived(cipher).encrypt(b"", _CHECK))
    except OSError as error:
        raise StartError(f"logs: cannot write {check}: {error}") from error


def _derived(cipher: Cipher) -> Cipher:
    return cipher.derived(b"check")
