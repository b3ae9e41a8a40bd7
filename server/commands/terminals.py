"""`python -m server terminals`: tokens are added, rotated and revoked without a browser."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.accounts.accounts import AccountError
from server.audit.operator_log import COMMAND_LINE, Act, ActKind
from server.database.database import DatabaseError, address_of, opened
from server.history.writing import note_here
from server.settings import Settings
from server.support.clock import moment, now_ms
from server.support.errors import StartError
from server.tokens import store
from server.tokens.certificates import StoredCertificate, all_certificates
from server.tokens.reminders import expiring, expiring_certificates
from server.tokens.store import StoredToken, TerminalTokens, TokenError, terms

T = TypeVar("T")


async def add(settings: Settings, name: str, days: int | None = None) -> str:
    kind = ActKind.TERMINAL_TOKEN_ADDED
    details = terms(days=days)
    return noted(settings, kind, name, lambda connection: store.add(connection, name, days), **details)


async def rotate(
    settings: Settings, name: str, overlap: int = store.OVERLAP_HOURS, days: int | None = None
) -> str:
    def work(connection: Connection) -> str:
        return store.rotate(connection, name, overlap, days)

    details = terms(overlap_hours=overlap, days=days)
    return noted(settings, ActKind.TERMINAL_TOKEN_ROTATED, name, work, **details)


async def revoke(settings: Settings, name: str) -> str:
    kind = ActKind.TERMINAL_TOKEN_REVOKED
    noted(settings, kind, name, lambda connection: store.revoke(connection, name))
    if name in settings.tokens:
        return f"{name}: its tokens and certificates are revoked; the token in the settings still holds"
    return f"{name}: its tokens and certificates are revoked"


async def listed(settings: Settings) -> str:
    now = now_ms()
    lines = [line for known in written(settings, store.all_tokens) for line in _lines(known, now)]
    lines += _certificate_lines(written(settings, all_certificates), now)
    lines += [f"{terminal}: in the settings" for terminal in sorted(settings.tokens)]
    return "\n".join(lines) or "no terminal has a token"


def _lines(known: TerminalTokens, now: int) -> list[str]:
    if known.revoked:
        return [f"{known.terminal}: revoked"]
    soon = ", soon" if expiring(known, now) else ""
    newest, *older = (_told(token, now, soon) for token in known.tokens)
    return [f"{known.terminal}: {newest}", *(f"{known.terminal}: the one before, {each}" for each in older)]


def _certificate_lines(certificates: list[StoredCertificate], now: int) -> list[str]:
    soon = expiring_certificates(certificates, now)
    return [
        f"{each.terminal}: certificate {each.fingerprint[:16]}..., {_end(each, now, each.terminal in soon)}"
        for each in certificates
    ]


def _end(certificate: StoredCertificate, now: int, soon: bool) -> str:
    if certificate.revoked:
        return "revoked"
    word = ("expires, soon" if soon else "expires") if certificate.holds(now) else "expired"
    return f"{word}: {moment(certificate.expires):%Y-%m-%d %H:%M}"


def _told(token: StoredToken, now: int, soon: str) -> str:
    seen = "never used" if token.seen is None else f"last used {moment(token.seen):%Y-%m-%d}"
    made = f"since {moment(token.created):%Y-%m-%d %H:%M}, {seen}"
    if token.expires is None:
        return made
    word = f"expires{soon}" if token.holds(now) else "expired"
    return f"{made}, {word}: {moment(token.expires):%Y-%m-%d %H:%M}"


def noted(
    settings: Settings, kind: ActKind, subject: str, work: Callable[[Connection], T], **details: str
) -> T:
    """As `written`; that it is done is in the operators' record before it takes effect. Raises StartError."""
    act = Act(datetime.now().astimezone(), COMMAND_LINE, kind, subject, details=details)

    def work_and_note(connection: Connection) -> T:
        done = work(connection)
        note_here(settings.logs, connection, act)
        return done

    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        return written(settings, work_and_note)
    except OSError as error:
        raise StartError(f"the operators' record cannot be written, so nothing is done: {error}") from error


def written(settings: Settings, work: Callable[[Connection], T]) -> T:
    """Work on the server's database, beside a server that may be running. Raises StartError."""
    try:
        with opened(address_of(settings.logs, settings.database)) as database:
            return database.write_here(work)
    except (DatabaseError, AccountError, TokenError) as error:
        raise StartError(str(error)) from error
    except SQLAlchemyError as error:
        raise StartError(f"the database cannot be used now: {getattr(error, 'orig', error)}") from error
