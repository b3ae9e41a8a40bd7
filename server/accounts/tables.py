"""The tables of accounts and of what stands for them: sessions, keys, invitations.

Passwords are kept as argon2 hashes; what is random and long, as SHA-256 hashes: who reads the database cannot
sign in with what stands there. Times are milliseconds since 1970, UTC.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from server.database.schema import METADATA

HASH_CHARS = 64
"""Of a SHA-256 in hexadecimal."""


def _owner() -> Column[int]:
    return Column("account", Integer, ForeignKey("account.number", ondelete="CASCADE"), nullable=False)


ACCOUNT = Table(
    "account",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", Text),
    Column("totp", Text),
    Column("totp_step", BigInteger),
    Column("terminals", Text),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger),
)
"""`password`: None until an invitation was followed. `totp`: the secret of the second factor; `totp_step`:
the last time step of which a code was used. `terminals`: a JSON list, None for all."""

SESSION = Table(
    "session",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("hash", String(HASH_CHARS), nullable=False, unique=True),
    _owner(),
    Column("source", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
)

API_KEY = Table(
    "api_key",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("hash", String(HASH_CHARS), nullable=False, unique=True),
    _owner(),
    Column("name", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("terminals", Text),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("seen", BigInteger),
)

INVITATION = Table(
    "invitation",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("hash", String(HASH_CHARS), nullable=False, unique=True),
    Column("account", Integer, ForeignKey("account.number", ondelete="CASCADE"), unique=True),
    Column("created", BigInteger, nullable=False),
)
"""A link by which somebody sets a password, once. `account`: None for the first account, an admin's."""
