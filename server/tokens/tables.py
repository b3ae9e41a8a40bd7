"""The tables of what terminals prove themselves by, but for the tokens that are written into the settings."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from server.database.schema import METADATA
from wire import TERMINAL_CHARS

TERMINAL_TOKEN = Table(
    "terminal_token",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("terminal", String(TERMINAL_CHARS), nullable=False),
    Column("hash", String(64)),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("seen", BigInteger),
)
"""A row a token. `hash`: of the token, `server.support.secret.hashed`; None in the one row of a terminal
whose tokens were revoked, which stays: without any a server asks nobody for a token. `created`, `expires`:
milliseconds since 1970; None: it does not expire. `seen`: when it let its terminal in, to the day."""

TERMINAL_CERTIFICATE = Table(
    "terminal_certificate",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),
    Column("terminal", String(TERMINAL_CHARS), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
)
"""A terminal that has a row must show one of its certificates that hold. `fingerprint`: SHA-256 of the
certificate, in hexadecimal. `created`, `expires`: milliseconds since 1970."""
