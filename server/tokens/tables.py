"""The table of the terminals' tokens that were not written into the settings."""

from sqlalchemy import BigInteger, Column, String, Table

from server.database.schema import METADATA
from wire import TERMINAL_CHARS

TERMINAL_TOKEN = Table(
    "terminal_token",
    METADATA,
    Column("terminal", String(TERMINAL_CHARS), primary_key=True),
    Column("hash", String(64)),
    Column("created", BigInteger, nullable=False),
)
"""`hash`: of the token, `server.support.secret.hashed`; None where it was revoked; the
row stays, as without any a server asks nobody for a token. `created`: milliseconds since 1970."""
