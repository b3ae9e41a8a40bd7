"""Long random secrets: made, and known again by their hash."""

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """256 random bits, fit for an address or a header."""
    return secrets.token_urlsafe(BYTES)


def hashed(secret: str) -> str:
    """SHA-256 in hexadecimal. For what is random and long only: a password needs a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
