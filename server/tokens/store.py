"""Terminals' tokens in the database: functions over a connection. The token itself is told once, here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sqlalchemy import Connection, Row, delete, insert, select, update

from server.support.clock import now_ms
from server.support.secret import hashed, new_secret
from server.tokens import certificates
from server.tokens.tables import TERMINAL_TOKEN
from wire import terminal_name

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OVERLAP_HOURS = 24
"""How long the old token holds beside a new one: time to carry that to the terminal."""
MAX_OVERLAP_HOURS = 720
MAX_DAYS = 3650


class TokenError(ValueError):
    """It cannot be done; the message says why, for whoever asked."""


@dataclass(frozen=True)
class StoredToken:
    """`created`, `expires`: milliseconds since 1970; None: it does not expire. `seen`: when it let its
    terminal in, to the day; None: never yet."""

    hash: str = field(repr=False)
    created: int
    expires: int | None = None
    seen: int | None = None

    def holds(self, now: int) -> bool:
        return self.expires is None or now < self.expires


@dataclass(frozen=True)
class TerminalTokens:
    """`tokens`: all that were not revoked, the newest first; none: the terminal has none any more."""

    terminal: str
    tokens: tuple[StoredToken, ...]

    @property
    def revoked(self) -> bool:
        return not self.tokens

    def holding(self, now: int) -> tuple[StoredToken, ...]:
        return tuple(token for token in self.tokens if token.holds(now))


def add(connection: Connection, terminal: str, days: int | None = None) -> str:
    """A token for a terminal that has none. `days`: after so many it expires. Where its certificates were
    revoked it needs none until it gets another. Raises TokenError."""
    terminal = checked(terminal)
    now = now_ms()
    known = find(connection, terminal)
    if known is not None and known.holding(now):
        raise TokenError(f"{terminal} has a token already; rotate it, or revoke it first.")
    _remove(connection, terminal)
    certificates.forget_revoked(connection, terminal)
    return _insert(connection, terminal, now, None if days is None else _days(days) * DAY_MS)


def rotate(
    connection: Connection, terminal: str, overlap: int = OVERLAP_HOURS, days: int | None = None
) -> str:
    """A new token; those of before hold for so many more hours, or until they expire. `days`: after so many
    the new one expires; None: it is good for as long as the last one was made for. Raises TokenError."""
    if not 0 <= overlap <= MAX_OVERLAP_HOURS:
        raise TokenError(f"The old token holds for 0 to {MAX_OVERLAP_HOURS} hours more.")
    newest, now = existing(connection, terminal).tokens[0], now_ms()
    span = None if newest.expires is None else newest.expires - newest.created
    _end_by(connection, terminal, now + overlap * HOUR_MS, now)
    return _insert(connection, terminal, now, span if days is None else _days(days) * DAY_MS)


def revoke(connection: Connection, terminal: str) -> None:
    """The terminal is refused from now on, its certificates, too. Raises TokenError: it has neither."""
    if not certificates.revoke(connection, terminal):
        existing(connection, terminal)
    _remove(connection, terminal)
    connection.execute(insert(TERMINAL_TOKEN).values(terminal=terminal, hash=None, created=now_ms()))


def mark_seen(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Their terminals were let in by these tokens."""
    connection.execute(update(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.hash.in_(hashes)).values(seen=now))


def all_tokens(connection: Connection) -> list[TerminalTokens]:
    """By terminal."""
    rows = connection.execute(select(TERMINAL_TOKEN).order_by(TERMINAL_TOKEN.c.terminal))
    of: dict[str, list[Row[tuple[object, ...]]]] = {}
    for row in rows:
        of.setdefault(row.terminal, []).append(row)
    return [_tokens(terminal, each) for terminal, each in of.items()]


def hashes(connection: Connection) -> dict[str, frozenset[str]]:
    """Terminal -> hashes of its tokens that hold now; none where they were revoked or have expired."""
    now = now_ms()
    return {
        each.terminal: frozenset(token.hash for token in each.holding(now)) for each in all_tokens(connection)
    }


def terms(**numbers: int | None) -> dict[str, str]:
    """What a token was made with, for the operators' record."""
    return {name: str(number) for name, number in numbers.items() if number is not None}


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


def find(connection: Connection, terminal: str) -> TerminalTokens | None:
    """What is known of a terminal's tokens; None: it never had one from here."""
    rows = connection.execute(select(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal)).all()
    return _tokens(terminal, rows) if rows else None


def existing(connection: Connection, terminal: str) -> TerminalTokens:
    """Raises TokenError: it has none."""
    known = find(connection, terminal)
    if known is None or known.revoked:
        raise TokenError(f"{terminal} has no token that was made here.")
    return known


def _tokens(terminal: str, rows: Iterable[Row[tuple[object, ...]]]) -> TerminalTokens:
    newest_first = sorted(rows, key=lambda row: row.number, reverse=True)
    tokens = [StoredToken(row.hash, row.created, row.expires, row.seen) for row in newest_first if row.hash]
    return TerminalTokens(terminal, tuple(tokens))


def _insert(connection: Connection, terminal: str, now: int, span: int | None) -> str:
    token = new_secret()
    expires = None if span is None else now + span
    row = {"terminal": terminal, "hash": hashed(token), "created": now, "expires": expires}
    connection.execute(insert(TERMINAL_TOKEN).values(row))
    return token


def _end_by(connection: Connection, terminal: str, moment: int, now: int) -> None:
    """None of the terminal's tokens holds longer; what has ended by now is forgotten."""
    of = TERMINAL_TOKEN.c.terminal == terminal
    longer = of & (TERMINAL_TOKEN.c.expires.is_(None) | (TERMINAL_TOKEN.c.expires > moment))
    connection.execute(update(TERMINAL_TOKEN).where(longer).values(expires=moment))
    connection.execute(delete(TERMINAL_TOKEN).where(of & (TERMINAL_TOKEN.c.expires <= now)))


def _remove(connection: Connection, terminal: str) -> None:
    connection.execute(delete(TERMINAL_TOKEN).where(TERMINAL_TOKEN.c.terminal == terminal))


def _days(days: int) -> int:
    if not 1 <= days <= MAX_DAYS:
        raise TokenError(f"A token is good for 1 to {MAX_DAYS} days.")
    return days
