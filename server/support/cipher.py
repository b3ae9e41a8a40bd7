"""Data that only the holder of a key can read, and nobody can change unnoticed: AES-256-GCM."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the extra `web` has it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""Random. Of 2^32 messages under one key two have the same one with a chance of 2^-33 (NIST SP 800-38D, 8.3,
which allows no more): hence `derived`."""
ADDED_BYTES = NONCE_BYTES + 16
"""By which what is encrypted is longer: the nonce before it, the tag behind it."""


class DecryptionError(Exception):
    """It was encrypted by another key or for another place, or it was changed."""


@dataclass(frozen=True)
class Cipher:
    """`key`: 32 bytes. Safe to use from several threads, and to send to another process of ours."""

    key: bytes = field(repr=False)

    def encrypt(self, plain: bytes, place: bytes) -> bytes:
        """`place`: where it will be looked for; elsewhere it cannot be decrypted."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aes.encrypt(nonce, plain, place)

    def decrypt(self, encrypted: bytes, place: bytes) -> bytes:
        """Raises DecryptionError."""
        from cryptography.exceptions import InvalidTag

        if len(encrypted) < ADDED_BYTES:
            raise DecryptionError
        try:
            return self._aes.decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], place)
        except InvalidTag:
            raise DecryptionError from None

    def derived(self, purpose: bytes) -> "Cipher":
        """One with a key of its own for this purpose, such as one file (HKDF-SHA256)."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return Cipher(HKDF(SHA256(), length=len(self.key), salt=None, info=purpose).derive(self.key))

    @cached_property
    def _aes(self) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.key)

    def __reduce__(self) -> tuple[type["Cipher"], tuple[bytes]]:
        return Cipher, (self.key,)
