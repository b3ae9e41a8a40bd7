"""Terminals' tokens in the database: functions over a connection. The token itself is told once, here."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, insert, select, update

from server.support.clock import now_ms
from server.support.secret import hashed, new_secret
from server.tokens.tables import TERMINAL_TOKEN
from wire import terminal_name


class TokenError(ValueError):
    """It cannot be done; the message says why, for whoever asked."""


@dataclass(frozen=True)
class StoredToken:
    """`created`: milliseconds since 1970. `revoked`: the terminal has none any more."""

    terminal: str
    created: int
    revoked: bool


def add(connection: Connection, terminal: str) -> str:
    """A token for a terminal that has none. Raises TokenError."""
    terminal = checked(terminal)
    known = find(connection, terminal)
    if known is not None and not known.revoked:
        raise TokenError(f"{terminal} has a token already; rotate it, or revoke it first.")
    connection.execute(delete(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal))
    token = new_secret()
    row = {"terminal": terminal, "hash": hashed(token), "created": now_ms()}
    connection.execute(insert(TERMINAL_TOKEN).values(row))
    return token


def rotate(connection: Connection, terminal: str) -> str:
    """A new token in place of the old one, which ends now. Raises TokenError."""
    _existing(connection, terminal)
    token = new_secret()
    changed = {"hash": hashed(token), "created": now_ms()}
    connection.execute(update(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal).values(changed))
    return token


def revoke(connection: Connection, terminal: str) -> None:
    """The terminal is refused from now on. Raises TokenError."""
    _existing(connection, terminal)
    connection.execute(update(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal).values(hash=None))


def all_tokens(connection: Connection) -> list[StoredToken]:
    """By terminal."""
    rows = connection.execute(select(TERMINAL_TOKEN).order_by(TERMINAL_TOKEN.c.terminal))
    return [StoredToken(row.terminal, row.created, row.hash is None) for row in rows]


def hashes(connection: Connection) -> dict[str, str | None]:
    """Terminal -> hash of its token, None where it was revoked."""
    rows = connection.execute(select(TERMINAL_TOKEN.c.terminal, TERMINAL_TOKEN.c.hash))
    return {row.terminal: row.hash for row in rows}


def terminal_link(address: str, terminal: str, token: str) -> str:
    """Where a browser becomes that terminal; what follows the # it keeps to itself. `address`: the
    console's."""
    return f"{address}/terminal#{urlencode({'terminal': terminal, 'token': token})}"


def checked(terminal: str) -> str:
    """A terminal's name as it may be. Raises TokenError."""
    try:
        return terminal_name(terminal)
    except ValueError as error:
        raise TokenError(f"{str(error).capitalize()}.") from None


def find(connection: Connection, terminal: str) -> StoredToken | None:
    """What is known of a terminal's token; None: it never had one from here."""
    row = connection.execute(select(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal)).first()
    return None if row is None else StoredToken(row.terminal, row.created, row.hash is None)


def _existing(connection: Connection, terminal: str) -> StoredToken:
    known = find(connection, terminal)
    if known is None or known.revoked:
        raise TokenError(f"{terminal} has no token that was made here.")
    return known
