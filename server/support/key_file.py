"""A file with a secret key of this site, which is made when it is first needed."""

import secrets
from pathlib import Path

from server.support.private_files import open_private, replace_private

KEY_BYTES = 32


class KeyFileError(Exception):
    """The file cannot be made, read or used; the message says why."""


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def key_of(path: Path) -> bytes:
    """`KEY_BYTES` bytes. Raises KeyFileError."""
    try:
        if not path.exists():
            replace_private(path, new_key())
        with open_private(path, "rb") as file:
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} is no key of {KEY_BYTES} bytes; where it is lost, delete it")
    return key
